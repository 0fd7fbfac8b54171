//! The node itself: whether it can take work, what it is, what time it has; and the way to calls that have no method here.

use std::time::SystemTime;

use serde::{Deserialize, de::DeserializeOwned};

use super::Client;
use crate::{error::Error, transport::Call};

/// What the document of the API says of itself.
#[derive(Deserialize)]
struct Document {
    info: Info,
}

#[derive(Deserialize)]
struct Info {
    version: String,
}

impl Client {
    /// Whether the node can take work.
    ///
    /// # Errors
    ///
    /// [`Error`]; that it cannot is none.
    pub async fn is_ready(&self) -> Result<bool, Error> {
        match self.caller().call(Call::get("/health/ready")).await {
            Ok(_) => Ok(true),
            Err(error) if error.status() == Some(503) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The version of the server.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn server_version(&self) -> Result<String, Error> {
        let document: Document = self.get_json("/openapi.json").await?;
        Ok(document.info.version)
    }

    /// What time the server has, to the second.
    ///
    /// # Errors
    ///
    /// [`Error`]; one that does not tell its time is [`Error::Unexpected`].
    pub async fn server_time(&self) -> Result<SystemTime, Error> {
        let answer = self.caller().call(Call::get("/health/live")).await?;
        answer.date.ok_or_else(|| answer.unexpected("no valid header `Date`"))
    }

    /// `GET` of a path with its query, for calls that this version of the client has no method for: its answer, which is
    /// JSON, as a `T`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn get_json<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.caller().get(path).await
    }

    /// The same where the answer is text, such as `/metrics`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn get_text(&self, path: &str) -> Result<String, Error> {
        Ok(self.caller().call(Call::get(path)).await?.text())
    }
}
