//! A stage for a product's acceptance checks: the real server with one tenant of a profile, and a receiver that records.
//!
//! **Invariant:** what a test gives as a JSON text goes out byte for byte, and what is read of a body is the text itself
//! and not what a JSON library makes of it. What the server is asked for is panicked about when it is refused; the
//! methods that answer a [`Reply`] leave the judgement to the test.

mod attempts;
mod deliveries;
mod events;
pub(crate) mod overlay;
mod policy;
mod readings;
mod subscriptions;
pub(crate) mod text;

use postroad_testkit::{Receiver, Reply, ServerOptions, TestServer};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) use self::{
    attempts::expect_attempts,
    policy::expect_shipped_retries,
    readings::{event_names, expect_refusal, id_of, now, secret_of, time},
};

/// The tenant's id.
pub(crate) const TENANT: &str = "acme";

/// How a stage is set up.
#[derive(Clone, Debug, Default)]
pub(crate) struct StageOptions {
    /// The tenant's profile: `leanbe`.
    pub(crate) profile: &'static str,
    /// The tenant's options; null is the same as `{}`.
    pub(crate) tenant: Value,
    /// Texts of the built-in profile's `profile.toml` and what stands there instead. Each must occur. Where there is
    /// one, the server gets the changed profile by `--profiles`.
    pub(crate) overlay: Vec<(&'static str, &'static str)>,
    /// Further arguments of `serve`.
    pub(crate) arguments: Vec<String>,
}

/// A running server, its tenant and its receiver.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) server: TestServer,
    pub(crate) receiver: Receiver,
    profile: &'static str,
    /// Where the changed profile lies. The server may read it again when it is started again.
    _profiles: Option<TempDir>,
}

impl Stage {
    /// A tenant of the built-in profile with these options.
    pub(crate) async fn start(profile: &'static str, tenant: Value) -> Self {
        Self::start_with(StageOptions { profile, tenant, ..StageOptions::default() }).await
    }

    /// Panics when the server does not start or refuses the tenant.
    pub(crate) async fn start_with(options: StageOptions) -> Self {
        let StageOptions { profile, tenant, overlay, mut arguments } = options;
        let profiles = (!overlay.is_empty()).then(|| overlay::write(profile, &overlay));
        if let Some(folder) = &profiles {
            arguments.extend(["--profiles".to_owned(), folder.path().display().to_string()]);
        }
        let server = TestServer::start_with(ServerOptions { arguments, ..ServerOptions::default() }).await;
        let server = server.unwrap_or_else(|error| panic!("{error:#}"));
        let stage = Self { server, receiver: Receiver::start().await, profile, _profiles: profiles };
        let put = stage.put_tenant(tenant).await;
        assert!(matches!(put.status, 200 | 201), "{}", put.text());
        stage
    }

    /// Creates the tenant, or replaces its options.
    pub(crate) async fn put_tenant(&self, options: Value) -> Reply {
        let options = if options.is_null() { json!({}) } else { options };
        let body = json!({"profile": self.profile, "options": options});
        self.server.put_json(&format!("/v1/tenants/{TENANT}"), &body).await.expect("the server answers")
    }

    /// `GET /v1/profiles/{name}` of the tenant's profile.
    pub(crate) async fn profile(&self) -> Value {
        self.get(&format!("/v1/profiles/{}", self.profile)).await
    }

    /// What the tenant has at this place: `path("subscriptions")`.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v1/tenants/{TENANT}/{rest}")
    }

    /// Asks for something that is there.
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.server.get(path).await.expect("the server answers").expect_status(200).json()
    }
}
