//! What every part of the API calls with.

use std::{sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue, Method};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::Error,
    transport::{Answer, Call, Repeat, Transport},
};

/// The connections and the deadline of each call.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) transport: Arc<Transport>,
    pub(crate) deadline: Duration,
}

impl Caller {
    /// `GET path`, and its answer as a `T`.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.call(Call::get(path)).await?.json()
    }

    /// `DELETE path`. What an earlier attempt of this call erased is gone, as was wanted.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), Error> {
        self.call(Call::new(Method::DELETE, path, Repeat::Harmless)).await.map(|_| ())
    }

    /// A call with a JSON body.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
        repeat: Repeat,
    ) -> Result<Answer, Error> {
        self.call(Call::new(method, path, repeat).json(body)?).await
    }

    /// `POST path` without a body, for what must not happen twice.
    pub(crate) async fn act<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.call(Call::new(Method::POST, path, Repeat::Harmful)).await?.json()
    }

    pub(crate) async fn call(&self, call: Call) -> Result<Answer, Error> {
        self.transport.call(call, self.deadline).await
    }
}

/// A header of a call; `None` for a value that cannot stand in one.
pub(super) fn header(name: HeaderName, value: &str) -> Option<(HeaderName, HeaderValue)> {
    HeaderValue::from_str(value).ok().map(|value| (name, value))
}
