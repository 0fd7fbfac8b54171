//! An imitation of the other server: the calls that are read, as its published OpenAPI document describes them. Lists come
//! in pages of two, whatever is asked for, so that every test reads on.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) const TOKEN: &str = "testsk_imitated.eu";
const PAGE_ITEMS: usize = 2;

/// Applications, each with its endpoints; what an endpoint's own calls answer stands in it under `_secret`, `_headers`,
/// `_sensitive` and `_transformation`.
#[derive(Default)]
pub(crate) struct Content {
    pub(crate) applications: Vec<Value>,
    pub(crate) event_types: Vec<Value>,
    /// The next so many requests are refused for being too many.
    pub(crate) too_many: usize,
    /// Method and target of each request.
    pub(crate) asked: Vec<String>,
}

pub(crate) struct Imitation {
    address: SocketAddr,
    pub(crate) content: Arc<Mutex<Content>>,
    task: tokio::task::AbortHandle,
}

impl Imitation {
    pub(crate) async fn start(content: Content) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let content = Arc::new(Mutex::new(content));
        let task = tokio::spawn(accept(listener, Arc::clone(&content))).abort_handle();
        Self { address, content, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Content)) {
        change(&mut self.content.lock().expect("no test panicked in it"));
    }
}

impl Drop for Imitation {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, content: Arc<Mutex<Content>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let content = Arc::clone(&content);
        let service = service_fn(move |request: Request<Incoming>| {
            let answer = answer(&request, &mut content.lock().expect("no test panicked in it"));
            async move { Ok::<_, Infallible>(answer) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn answer(request: &Request<Incoming>, content: &mut Content) -> Response<Full<Bytes>> {
    content.asked.push(format!("{} {}", request.method(), request.uri()));
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if authorization != Some(&format!("Bearer {TOKEN}")) {
        return fault(StatusCode::UNAUTHORIZED, "authentication_failed", "Invalid token");
    }
    if content.too_many > 0 {
        content.too_many -= 1;
        return fault(StatusCode::TOO_MANY_REQUESTS, "rate_limit", "Request was throttled");
    }
    let query = request.uri().query().unwrap_or_default();
    let path: Vec<_> = request.uri().path().trim_start_matches("/api/v1/").split('/').collect();
    let found = match path[..] {
        ["app"] => Some(page(&content.applications, "id", query)),
        ["event-type"] => Some(page(&content.event_types, "name", query)),
        ["app", app, "endpoint"] => {
            of(&content.applications, app).map(|app| page(endpoints(app), "id", query))
        }
        ["app", app, "endpoint", endpoint, what] => {
            let app = of(&content.applications, app);
            app.and_then(|app| of(endpoints(app), endpoint)).and_then(|endpoint| detail(endpoint, what))
        }
        _ => None,
    };
    match found {
        Some(body) => respond(StatusCode::OK, &body),
        None => fault(StatusCode::NOT_FOUND, "not_found", "Entity not found"),
    }
}

fn endpoints(application: &Value) -> &[Value] {
    application["_endpoints"].as_array().map_or(&[], Vec::as_slice)
}

fn of<'a>(items: &'a [Value], id: &str) -> Option<&'a Value> {
    items.iter().find(|item| item["id"] == id)
}

fn detail(endpoint: &Value, what: &str) -> Option<Value> {
    match what {
        "secret" => Some(json!({"key": endpoint["_secret"]})),
        "headers" => {
            let headers = endpoint.get("_headers").cloned().unwrap_or(json!({}));
            let sensitive = endpoint.get("_sensitive").cloned().unwrap_or(json!([]));
            Some(json!({"headers": headers, "sensitive": sensitive}))
        }
        "transformation" => endpoint.get("_transformation").cloned(),
        _ => None,
    }
}

/// The iterator is the last item of the page before.
fn page(items: &[Value], key: &str, query: &str) -> Value {
    let iterator = query.split('&').find_map(|pair| pair.strip_prefix("iterator="));
    let begin =
        iterator.map_or(0, |iterator| items.iter().take_while(|item| item[key] != iterator).count() + 1);
    let shown: Vec<_> = items.iter().skip(begin).take(PAGE_ITEMS).map(without_own).collect();
    let done = begin + shown.len() >= items.len();
    let last = shown.last().map(|item| item[key].clone());
    json!({"data": shown, "iterator": last, "prevIterator": null, "done": done})
}

/// Without what the imitation keeps for other calls.
fn without_own(item: &Value) -> Value {
    let fields = item.as_object().expect("items are objects").iter();
    Value::Object(
        fields.filter(|(name, _)| !name.starts_with('_')).map(|(n, v)| (n.clone(), v.clone())).collect(),
    )
}

fn fault(status: StatusCode, code: &str, detail: &str) -> Response<Full<Bytes>> {
    respond(status, &json!({"code": code, "detail": detail}))
}

fn respond(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
