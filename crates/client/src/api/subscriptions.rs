//! `/v1/tenants/{tenant}/subscriptions`

use http::{Method, header};
use serde::{Deserialize, Serialize};

use super::{Caller, caller};
use crate::{
    error::Error,
    model::{
        Delivery, NewPreview, NewReplay, NewSubscription, PreviewedRequest, Replay, Secret, Subscription,
        SubscriptionPatch, SubscriptionSecret,
    },
    page::Listing,
    path::join,
    transport::{Answer, Call, Repeat},
};

/// The subscriptions of a tenant.
#[derive(Clone, Debug)]
pub struct Subscriptions {
    caller: Caller,
    path: String,
}

impl Subscriptions {
    pub(super) fn new(caller: Caller, tenant: &str) -> Self {
        Self { caller, path: format!("{tenant}/subscriptions") }
    }

    /// Creates a subscription; the answer holds its secret in full.
    ///
    /// # Errors
    ///
    /// [`Error`]. After a broken connection it is not tried again: it may be there.
    pub async fn create(&self, new: &NewSubscription) -> Result<Subscription, Error> {
        let created = self.caller.send(Method::POST, &self.path, new, Repeat::Harmful).await?;
        with_etag(&created)
    }

    /// One subscription, with the name of its version.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn get(&self, id: &str) -> Result<Subscription, Error> {
        with_etag(&self.caller.call(Call::get(join(&self.path, id))).await?)
    }

    /// All of them.
    pub fn list(&self) -> Listing<Subscription> {
        Listing::new(&self.caller, self.path.clone(), Vec::new())
    }

    /// Changes what the patch names, whatever the version.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn update(&self, id: &str, patch: &SubscriptionPatch) -> Result<Subscription, Error> {
        with_etag(&self.caller.send(Method::PATCH, &join(&self.path, id), patch, Repeat::Harmless).await?)
    }

    /// Changes what the patch names if the subscription is still of the version `etag`.
    ///
    /// # Errors
    ///
    /// [`Error`]; a problem with the status 412 when it is not.
    pub async fn update_if(
        &self,
        id: &str,
        patch: &SubscriptionPatch,
        etag: &str,
    ) -> Result<Subscription, Error> {
        let call = Call::new(Method::PATCH, join(&self.path, id), Repeat::Harmful).json(patch)?;
        // A version that cannot stand in a header is none that the server ever named; a weak one fits nothing.
        let named = caller::header(header::IF_MATCH, etag).filter(|_| !etag.trim().is_empty());
        let condition = named.or_else(|| caller::header(header::IF_MATCH, "W/\"\""));
        with_etag(&self.caller.call(Call { header: condition, ..call }).await?)
    }

    /// Deletes a subscription; what waits for it is called off.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.caller.delete(&join(&self.path, id)).await
    }

    /// Sends the example of an event type now and waits for the outcome; without a type, of the first that it selects.
    ///
    /// # Errors
    ///
    /// [`Error`]; that the receiver refused is none: the delivery says so.
    pub async fn test(&self, id: &str, event_type: Option<&str>) -> Result<Delivery, Error> {
        #[derive(Serialize)]
        struct Test<'a> {
            #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
            event_type: Option<&'a str>,
        }
        let path = format!("{}/test", join(&self.path, id));
        self.caller.send(Method::POST, &path, &Test { event_type }, Repeat::Harmful).await?.json()
    }

    /// Makes the handshakes of the profile now, waits for what they come to, and answers the subscription.
    ///
    /// # Errors
    ///
    /// [`Error`]; a problem with the status 409 where the profile has none. That the receiver failed is none: the subscription's
    /// `verification` says so.
    pub async fn verify(&self, id: &str) -> Result<Subscription, Error> {
        let path = format!("{}/verify", join(&self.path, id));
        with_etag(&self.caller.call(Call::new(Method::POST, path, Repeat::Harmful)).await?)
    }

    /// Makes due at once what waits for the subscription; answers how many deliveries were not due.
    ///
    /// # Errors
    ///
    /// [`Error`]; 409 while it is inactive.
    pub async fn send_now(&self, id: &str) -> Result<u64, Error> {
        #[derive(Deserialize)]
        struct SentNow {
            count: u64,
        }
        let path = format!("{}/send-now", join(&self.path, id));
        Ok(self.caller.act::<SentNow>(&path).await?.count)
    }

    /// Makes the exact request of an event, or of an event type's example, and sends nothing.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn preview(&self, id: &str, event: &NewPreview) -> Result<PreviewedRequest, Error> {
        let path = format!("{}/preview", join(&self.path, id));
        self.caller.send(Method::POST, &path, event, Repeat::Harmless).await?.json()
    }

    /// The current secret.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn secret(&self, id: &str) -> Result<SubscriptionSecret, Error> {
        self.caller.get(&format!("{}/secret", join(&self.path, id))).await
    }

    /// Changes the secret, to yours or a fresh one; the old one still signs for the `grace`, such as `24h`.
    ///
    /// # Errors
    ///
    /// [`Error`]. After a broken connection it is not tried again: it may have happened.
    pub async fn rotate_secret(
        &self,
        id: &str,
        secret: Option<&Secret>,
        grace: Option<&str>,
    ) -> Result<SubscriptionSecret, Error> {
        #[derive(Serialize)]
        struct Rotation<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            secret: Option<&'a Secret>,
            #[serde(skip_serializing_if = "Option::is_none")]
            grace: Option<&'a str>,
        }
        let path = format!("{}/secret/rotate", join(&self.path, id));
        let rotation = Rotation { secret, grace };
        self.caller.send(Method::POST, &path, &rotation, Repeat::Harmful).await?.json()
    }

    /// Begins a replay, or counts what it would be about.
    ///
    /// # Errors
    ///
    /// [`Error`]; a problem with the status 409 while another one runs.
    pub async fn replay(&self, id: &str, replay: &NewReplay) -> Result<Replay, Error> {
        let path = format!("{}/replay", join(&self.path, id));
        self.caller.send(Method::POST, &path, replay, Repeat::Harmful).await?.json()
    }
}

fn with_etag(answer: &Answer) -> Result<Subscription, Error> {
    let shown: Subscription = answer.json()?;
    Ok(Subscription { etag: answer.etag.clone(), ..shown })
}
