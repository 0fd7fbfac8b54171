//! What is shipped, as the API shows it, and the option that shows times in the zone of California.

use serde_json::{Value, json};

use super::{
    leanbe,
    peers::Peer,
    stage::{Stage, expect_shipped_retries, id_of, now, text, time},
};

const ZONE: &str = "America/Los_Angeles";

#[tokio::test(flavor = "multi_thread")]
async fn lb_13_2xx_and_three_retries_after_10_60_and_300_s_and_utc_are_shipped() {
    let profile = leanbe().await.profile().await;
    expect_shipped_retries(&profile, &[10, 60, 300]);
    for place in ["tenant", "subscription"] {
        let options = &profile["option_schema"][place]["properties"];
        assert_eq!(options["triggered_at_zone"]["default"], "UTC", "{place}: {profile}");
        assert_eq!(options["signature_header"]["default"], true, "{place}: {profile}");
    }
}

/// The server stamps the present; a moment in July and one in January are those of
/// `the_zone_shows_the_same_instant_with_its_offset_of_summer_and_winter` in `crates/profile/tests/profile/leanbe.rs`.
#[tokio::test(flavor = "multi_thread")]
async fn lb_13_the_zone_shows_the_same_instant_with_the_offset_that_it_has_now() {
    let stage = leanbe().await;
    stage.subscribe(json!({"options": {"triggered_at_zone": ZONE}})).await;
    expect_stamp_of_zone(&stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lb_13_the_zone_can_be_chosen_for_the_whole_product() {
    let stage = Stage::start("leanbe", json!({"triggered_at_zone": ZONE})).await;
    stage.subscribe(json!({})).await;
    expect_stamp_of_zone(&stage).await;
}

async fn expect_stamp_of_zone(stage: &Stage) {
    let request = stage.deliver("idea.created", "{}").await;
    let stamp = text::member(&request.body, "triggeredAt").trim_matches('"').to_owned();
    assert!(text::has_form(&stamp, "9999-99-99T99:99:99.999-99:99"), "{stamp}");
    let offset = Peer::node().offset(ZONE, &now().to_string());
    assert!(["-07:00", "-08:00"].contains(&offset.as_str()), "{offset}");
    assert!(stamp.ends_with(&offset), "{stamp} has not the offset {offset}");
    let delivery = stage.delivery(id_of(&stage.deliveries().await[0])).await;
    let created_at = time(&delivery["created_at"]);
    assert_eq!(time(&Value::from(stamp)).as_millis(), created_at.as_millis(), "{delivery}");
}
