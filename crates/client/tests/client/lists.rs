//! Lists: pages, items, filters.

use postroad_client::{DeliveryFilter, DeliveryStatus, EventFilter};
use postroad_testkit::Answer;

use crate::stage::{problem, stage};

const DELIVERIES: &str = "/v1/tenants/acme/deliveries";

fn page(ids: &[&str], next: &str) -> Answer {
    let item = |id: &&str| {
        format!(
            r#"{{"id":"{id}","subscription":"s","type":"a","status":"queued","created_at":"2026-11-22T03:00:00Z"}}"#
        )
    };
    let items: Vec<_> = ids.iter().map(item).collect();
    Answer::status(200).body(format!(r#"{{"data":[{}],"next":{next}}}"#, items.join(",")))
}

#[tokio::test]
async fn items_come_page_after_page_also_over_an_empty_one() {
    let (server, client, _) = stage().await;
    server.answer_in_turn(
        DELIVERIES,
        [page(&["a", "b"], "\"x+/=\""), page(&[], "\"y\""), page(&["c"], "null")],
    );
    let filter = DeliveryFilter::default().status(DeliveryStatus::Failed).since("2026-11-22T00:00:00+01:00");
    let items = client.tenant("acme").deliveries().list(filter).page_size(2).items();
    let ids: Vec<_> = items.collect().await.unwrap().into_iter().map(|delivery| delivery.id).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    let asked: Vec<_> = server.received().iter().map(|request| request.target.clone()).collect();
    let query = "status=failed&since=2026-11-22T00%3A00%3A00%2B01%3A00&limit=2";
    assert_eq!(asked[0], format!("{DELIVERIES}?{query}"));
    assert_eq!(asked[1], format!("{DELIVERIES}?{query}&cursor=x%2B%2F%3D"));
    assert_eq!(asked[2], format!("{DELIVERIES}?{query}&cursor=y"));
}

#[tokio::test]
async fn an_error_ends_the_pages() {
    let (server, client, _) = stage().await;
    server.answer_in_turn(DELIVERIES, [page(&["a"], "\"x\""), problem(400, "bad_cursor")]);
    let mut pages = client.tenant("acme").deliveries().list(DeliveryFilter::default()).pages();
    assert_eq!(pages.next().await.unwrap().unwrap().data[0].id, "a");
    assert_eq!(pages.next().await.unwrap().unwrap_err().code(), Some("bad_cursor"));
    assert!(pages.next().await.is_none());
}

#[tokio::test]
async fn a_name_cannot_leave_its_place_in_the_path() {
    let (server, client, _) = stage().await;
    let listing =
        client.tenant("../x?y").events().list(EventFilter::default().event_type("a&b").event_type("c"));
    listing.page(Some("1")).await.unwrap_err();
    assert_eq!(server.received()[0].target, "/v1/tenants/..%2Fx%3Fy/events?type=c&cursor=1");
}
