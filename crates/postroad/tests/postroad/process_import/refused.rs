//! What cannot be carried over is told, and keeps nothing else back.

use postroad_testkit::Receiver;
use serde_json::{Value, json};

use super::{
    common::{postroad, run},
    imitation::Content,
    stage::{Stage, application, customers, endpoint, event_type},
};

#[tokio::test]
async fn each_object_says_what_is_missing_of_it_and_why() {
    let partly = json!({
        "_headers": {"Host": "other", "X-Ok": "1"}, "_sensitive": ["X-Api-Key"],
        "_transformation": {"code": "x", "enabled": true}, "metadata": {"plan": "gold"},
    });
    let too_long = json!({"_secret": format!("whsec_{}", "A".repeat(100))});
    let content = Content {
        applications: vec![
            application(
                "app_1",
                json!("acme"),
                vec![
                    endpoint("ep_1", "http://127.0.0.1:9/1", partly),
                    endpoint("ep_2", "http://10.0.0.7/inside", json!({})),
                    endpoint("ep_3", "http://127.0.0.1:9/3", too_long),
                    endpoint("ep_4", "http://127.0.0.1:9/4", json!({})),
                ],
            ),
            application("app_2", json!("acme"), vec![endpoint("ep_5", "http://127.0.0.1:9/5", json!({}))]),
        ],
        event_types: vec![
            event_type("_hidden", json!(null)),
            event_type("bad.schema", json!({"1": {"type": "no such type"}})),
        ],
        ..Content::default()
    };
    let stage = Stage::with(content).await;
    let ended = stage.import(&["--json"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("5 objects could not be carried over"), "{}", ended.stderr);
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    for (source, outcome, remark) in [
        ("ep_1", "created", "the header Host is not carried over: it sets Host"),
        ("ep_1", "created", "the value of the header X-Api-Key is hidden there"),
        ("ep_1", "created", "its transformation is not carried over"),
        ("ep_1", "created", "its metadata has no place here: plan"),
        ("ep_2", "refused", "--allow-subnet 10.0.0.7/32"),
        ("ep_3", "refused", "`secret`"),
        ("ep_4", "created", ""),
        ("app_2", "refused", "another application of this name came before"),
        ("_hidden", "refused", "`name`"),
        ("bad.schema", "refused", "`schema"),
    ] {
        let objects = document["objects"].as_array().unwrap();
        let object = objects.iter().find(|object| object["source"] == source).unwrap();
        assert_eq!(object["outcome"], outcome, "{object}");
        let remarks: Vec<_> =
            object["remarks"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
        assert!(remark.is_empty() || remarks.iter().any(|one| one.contains(remark)), "{object}");
    }
}

#[tokio::test]
async fn schemas_stay_behind_where_that_is_wanted_and_the_profile_can_be_another() {
    let stage = Stage::with(customers()).await;
    stage.import(&["--without-schemas"]).await;
    let paid = stage.client.tenant("acme").event_types().get("invoice.paid").await.unwrap();
    assert!(paid.schema.is_none());

    let other = Stage::with(customers()).await;
    let ended = other.import(&["--profile", "nonesuch"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stdout.contains("refused    tenant acme (app_1)\n           - `profile` "),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("3 objects: 0 created"), "{}", ended.stdout);
}

#[tokio::test]
async fn a_token_or_a_server_that_is_wrong_is_told_in_words() {
    let stage = Stage::with(customers()).await;
    let wrong = stage.import(&["--token", "wrong"]).await;
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.stderr.contains("it refuses the token: give one"), "{}", wrong.stderr);

    let another = Receiver::start().await;
    let ended = stage.import(&["--url", &another.url("")]).await;
    assert_eq!(ended.code, Some(2), "a flag that is given twice");
    let mut command =
        postroad(stage.here.folder(), &["import", "svix", "--token", "t", "--key", "k", "--url"]);
    command.arg(another.url(""));
    let ended = run(command).await;
    assert!(ended.stderr.contains("cannot read /api/v1/event-type of the other server"), "{}", ended.stderr);
    assert!(ended.stderr.contains("is not as published"), "{}", ended.stderr);

    let command = postroad(stage.here.folder(), &["import", "svix", "--url", "http://a", "--key", "k"]);
    let ended = run(command).await;
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("a token is needed: --token TOKEN, or POSTROAD_IMPORT_TOKEN"),
        "{}",
        ended.stderr
    );
}
