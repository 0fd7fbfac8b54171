//! A small client for the server's own API. A broken connection is an error and not a panic, because tests that kill the
//! server cause one.

use anyhow::Context;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{ADMIN_KEY, TestServer};
use crate::patience::within;

/// The server's answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// The body as JSON. Panics when it is none.
    pub fn json(&self) -> Value {
        self.parse()
    }

    /// The body as a `T`. Panics when it is none.
    pub fn parse<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("status {}, not the JSON wanted ({error}): {}", self.status, self.text())
        })
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The same reply if it has this status; panics with its body otherwise.
    #[must_use]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

/// Requests with the admin key. All panic when the server is not running or takes longer than
/// [`PATIENCE`](crate::PATIENCE), and fail when the connection does.
impl TestServer {
    /// `GET path`.
    ///
    /// # Errors
    ///
    /// When the connection fails; so with all of these.
    pub async fn get(&self, path: &str) -> anyhow::Result<Reply> {
        self.call(Method::GET, path, Some(ADMIN_KEY), &[], Bytes::new()).await
    }

    /// `POST path` with a JSON body.
    ///
    /// # Errors
    ///
    /// When the connection fails.
    pub async fn post_json(&self, path: &str, body: &Value) -> anyhow::Result<Reply> {
        self.send_json(Method::POST, path, body).await
    }

    /// `PUT path` with a JSON body.
    ///
    /// # Errors
    ///
    /// When the connection fails.
    pub async fn put_json(&self, path: &str, body: &Value) -> anyhow::Result<Reply> {
        self.send_json(Method::PUT, path, body).await
    }

    /// `PATCH path` with a JSON merge patch.
    ///
    /// # Errors
    ///
    /// When the connection fails.
    pub async fn patch_json(&self, path: &str, body: &Value) -> anyhow::Result<Reply> {
        self.send_json(Method::PATCH, path, body).await
    }

    /// `DELETE path`.
    ///
    /// # Errors
    ///
    /// When the connection fails.
    pub async fn delete(&self, path: &str) -> anyhow::Result<Reply> {
        self.call(Method::DELETE, path, Some(ADMIN_KEY), &[], Bytes::new()).await
    }

    /// Any request: with this key or none, these headers and these bytes.
    ///
    /// # Errors
    ///
    /// When the request is not valid or the connection fails.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> anyhow::Result<Reply> {
        let mut request = Request::builder().method(method).uri(self.url(path));
        if let Some(key) = key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body)).context("not a valid request")?;
        within(&format!("the answer to {path}"), self.client.exchange(request)).await
    }

    async fn send_json(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Reply> {
        let headers = [("content-type", "application/json")];
        self.call(method, path, Some(ADMIN_KEY), &headers, body.to_string().into()).await
    }
}

/// The connections to the server.
#[derive(Debug)]
pub(super) struct Client {
    inner: legacy::Client<HttpConnector, Full<Bytes>>,
}

impl Client {
    pub(super) fn new() -> Self {
        Self { inner: legacy::Client::builder(TokioExecutor::new()).build_http() }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Reply> {
        let (head, body) = self.inner.request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Reply { status: head.status.as_u16(), headers: head.headers, body })
    }
}
