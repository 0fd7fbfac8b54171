//! Secrets: shown when asked, rotated with overlap.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use postroad_engine::{NewSubscription, Origin, RotateError, Rotation};

use crate::world::{Exchange, World, acme, draft, to};

fn hmac_signature(secret: &str, exchange: &Exchange) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &key);
    let head = format!("{}.{}.", exchange.header("webhook-id"), exchange.header("webhook-timestamp"));
    let text = [head.as_bytes(), &exchange.request.body].concat();
    format!("v1,{}", STANDARD.encode(aws_lc_rs::hmac::sign(&key, &text)))
}

#[tokio::test]
async fn during_the_grace_both_secrets_sign_and_afterwards_only_the_new_one() {
    let world = World::new().await;
    let created = world.subscribe(to("https://a.example/")).await;
    let (id, old) = (created.subscription.id, created.secret.unwrap().secret);
    let rotation = Rotation { grace: Some(Duration::from_secs(3_600)), secret: None };
    let new = world
        .engine
        .configuration()
        .rotate_secret(&Origin::ADMIN, &acme(), id, rotation)
        .await
        .unwrap()
        .secret;

    world.publish("{}").await;
    let exchange = world.exchange().await;
    let both = format!("{} {}", hmac_signature(&new, &exchange), hmac_signature(&old, &exchange));
    assert_eq!(exchange.header("webhook-signature"), both);
    exchange.answer(200);

    world.clock.advance(Duration::from_secs(3_600));
    world.publish("{}").await;
    let exchange = world.exchange().await;
    assert_eq!(exchange.header("webhook-signature"), hmac_signature(&new, &exchange));
    let shown =
        world.engine.configuration().secret(&Origin::ADMIN, &acme(), id).await.unwrap().unwrap().unwrap();
    assert_eq!(*shown.secret, *new);
}

#[tokio::test]
async fn the_customers_own_secret_signs_and_one_of_another_form_is_refused() {
    let world = World::new().await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let new = NewSubscription { draft: draft(to("https://a.example/")), secret: Some(secret.to_owned()) };
    let created =
        world.engine.configuration().create_subscription(&Origin::ADMIN, &acme(), new).await.unwrap();
    assert_eq!(*created.secret.unwrap().secret, secret);
    world.publish("{}").await;
    let exchange = world.exchange().await;
    assert_eq!(exchange.header("webhook-signature"), hmac_signature(secret, &exchange));
    let id = created.subscription.id;
    let rotation = Rotation { grace: Some(Duration::ZERO), secret: Some("hunter2".to_owned()) };
    let refused = world
        .engine
        .configuration()
        .rotate_secret(&Origin::ADMIN, &acme(), id, rotation)
        .await
        .err()
        .unwrap();
    assert!(matches!(&refused, RotateError::Invalid(problems) if problems[0].field == "secret"), "{refused}");
}

#[tokio::test]
async fn an_ed25519_subscription_shows_its_public_key_and_signs_v1a() {
    let world = World::new().await;
    let mut spec = to("https://a.example/");
    spec.options = r#"{"signature":"ed25519"}"#.to_owned();
    let created = world.subscribe(spec).await;
    let secret = created.secret.unwrap();
    assert!(secret.secret.starts_with("whsk_"));
    assert!(secret.public_key.unwrap().starts_with("whpk_"));
    world.publish("{}").await;
    assert!(world.exchange().await.header("webhook-signature").starts_with("v1a,"));
}

#[tokio::test]
async fn only_so_many_secrets_sign_at_a_time() {
    let world = World::new().await;
    let id = world.subscribe(to("https://a.example/")).await.subscription.id;
    let rotate = |grace| {
        let rotation = Rotation { grace: Some(Duration::from_secs(grace)), secret: None };
        let engine = world.engine.clone();
        async move {
            engine.configuration().rotate_secret(&Origin::ADMIN, &acme(), id, rotation).await.map(|_| ())
        }
    };
    for _ in 0..4 {
        rotate(3_600).await.unwrap();
    }
    assert!(matches!(rotate(3_600).await, Err(RotateError::TooMany { max: 5 })));
    rotate(0).await.unwrap();
}
