//! The inspector: what it records, how it shows it, what it answers, and what nobody can do with it.

use std::{pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http::Request;
use postroad_domain::{
    Clock, EndpointUrl,
    limits::{INSPECTOR_BODY_BYTES_MAX, INSPECTOR_BODY_BYTES_READ_MAX},
};
use postroad_server::{HeaderSpelling, Inspector, InspectorParts, Serving, serve};
use postroad_testkit::{ManualClock, within};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    app::{App, Reply},
    refusal,
};

const BIN: &str = "/inspect/bin-of-the-test";
const REQUESTS: &str = "/inspector/bin-of-the-test/requests";
const ANSWER: &str = "/inspector/bin-of-the-test/answer";

/// A request without a key.
async fn call(app: &App, method: &str, path: &str, body: impl Into<Body>) -> Reply {
    app.call(Request::builder().method(method).uri(path).body(body.into()).unwrap()).await
}

async fn requests(app: &App) -> Vec<Value> {
    let list = call(app, "GET", &format!("{REQUESTS}?format=json"), "").await.expect(200);
    list["data"].as_array().unwrap().clone()
}

async fn page(app: &App) -> String {
    let reply = call(app, "GET", REQUESTS, "").await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "text/html; charset=utf-8"));
    String::from_utf8(reply.body.to_vec()).unwrap()
}

#[tokio::test]
async fn any_request_is_recorded_as_it_came_and_shown_newest_first() {
    let app = App::new().await;
    assert!(requests(&app).await.is_empty());
    call(&app, "POST", &format!("{BIN}/a%2Fb/?c=d&c=%20"), "{\"x\": 1.0}").await.expect(200);
    call(&app, "BREW", BIN, vec![0xff_u8, 0]).await.expect(200);
    let recorded = requests(&app).await;
    assert_eq!(
        recorded[0],
        json!({"number": 2, "at": recorded[0]["at"], "method": "BREW", "path": BIN, "query": null, "headers": [],
               "body": null, "body_base64": "/wA=", "body_bytes": 2, "truncated": false, "remote": null,
               "answered": 200})
    );
    let first = &recorded[1];
    assert_eq!(
        (first["path"].as_str(), first["query"].as_str()),
        (Some("/inspect/bin-of-the-test/a%2Fb/"), Some("c=d&c=%20"))
    );
    assert_eq!((&first["body"], &first["number"]), (&json!("{\"x\": 1.0}"), &json!(1)));
}

#[tokio::test]
async fn requests_come_in_pages() {
    let app = App::new().await;
    for _ in 0..5 {
        call(&app, "POST", BIN, "").await.expect(200);
    }
    let (mut numbers, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("{REQUESTS}?format=json&limit=2{cursor}");
        let list = call(&app, "GET", &path, "").await.expect(200);
        numbers.extend(
            list["data"].as_array().unwrap().iter().map(|request| request["number"].as_u64().unwrap()),
        );
        let Some(next) = list["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(numbers, [5, 4, 3, 2, 1]);
    let cleared = call(&app, "DELETE", REQUESTS, "").await;
    assert_eq!(cleared.status, 204);
    assert!(requests(&app).await.is_empty());
}

#[tokio::test]
async fn a_long_body_is_kept_to_its_limit_and_a_longer_one_refused() {
    let app = App::new().await;
    call(&app, "POST", BIN, vec![b'x'; INSPECTOR_BODY_BYTES_MAX]).await.expect(200);
    call(&app, "POST", BIN, vec![b'x'; INSPECTOR_BODY_BYTES_MAX + 1]).await.expect(200);
    call(&app, "POST", BIN, vec![b'x'; INSPECTOR_BODY_BYTES_READ_MAX + 1]).await.expect(413);
    let recorded = requests(&app).await;
    let seen: Vec<_> = recorded.iter().map(|request| (&request["truncated"], &request["answered"])).collect();
    let [yes, no] = [json!(true), json!(false)];
    assert_eq!(seen, [(&yes, &json!(413)), (&yes, &json!(200)), (&no, &json!(200))]);
    for request in recorded {
        assert_eq!(request["body"].as_str().unwrap().len(), INSPECTOR_BODY_BYTES_MAX);
    }
}

#[tokio::test]
async fn a_bin_answers_what_it_was_told_to_after_the_wait_it_was_told() {
    let app = App::new().await;
    assert_eq!(
        call(&app, "GET", ANSWER, "").await.expect(200),
        json!({"status": 200, "headers": [], "body": "", "delay": "0s"})
    );
    let answer = json!({"status": 503, "headers": [{"name": "Retry-After", "value": "5"}], "body": "later", "delay": "30s"});
    let set = call(&app, "PUT", ANSWER, answer.to_string()).await.expect(200);
    assert_eq!((&set["status"], &set["delay"]), (&json!(503), &json!("30s")));
    let began = app.clock.monotonic();
    let mut waiting = pin!(call(&app, "POST", BIN, ""));
    let reply = loop {
        tokio::select! {
            biased;
            reply = &mut waiting => break reply,
            () = tokio::task::yield_now() => app.clock.advance(Duration::from_secs(1)),
        }
    };
    assert!(app.clock.monotonic() - began >= Duration::from_secs(30));
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (503, "5"));
    assert_eq!(reply.body.as_ref(), b"later");
    assert_eq!(requests(&app).await[0]["answered"], 503);
    call(&app, "PUT", ANSWER, "{}").await.expect(200);
    call(&app, "POST", BIN, "").await.expect(200);
}

#[tokio::test]
async fn an_answer_that_cannot_be_given_is_refused_and_changes_nothing() {
    let app = App::new().await;
    let header = |name: &str, value: &str| json!({"headers": [{"name": name, "value": value}]});
    for (body, field, says) in [
        (json!({"status": 199}), "status", "from 200 to 599"),
        (json!({"status": "200"}), "status", "must be a number"),
        (json!({"delay": "2m"}), "delay", "from 0s to 1m30s"),
        (json!({"body": "x".repeat(65_537)}), "body", "longer than 65536 bytes"),
        (json!({"stauts": 200}), "stauts", "did you mean `status`?"),
        (header("a b", "c"), "headers[0].name", "not a name"),
        (header("x-a", "a\r\nb: c"), "headers[0].value", "control character"),
        (json!({"headers": [{"name": "x-a"}]}), "headers[0].value", "is required"),
    ] {
        let reply = call(&app, "PUT", ANSWER, body.to_string()).await;
        refusal::check(&reply, 422, "invalid", field, says, &body.to_string());
    }
    let reply = call(&app, "PUT", ANSWER, "{").await;
    refusal::check(&reply, 400, "malformed_json", "", "not JSON", "{");
    assert_eq!(call(&app, "GET", ANSWER, "").await.expect(200)["status"], 200);
}

#[tokio::test]
async fn a_bin_answers_no_header_that_reaches_beyond_its_answer() {
    let app = App::new().await;
    let with = |name: &str| json!({"headers": [{"name": name, "value": "1"}]}).to_string();
    for name in [
        "Set-Cookie",
        "content-length",
        "Connection",
        "NEL",
        "Report-To",
        "Reporting-Endpoints",
        "WWW-Authenticate",
        "Clear-Site-Data",
        "Strict-Transport-Security",
        "Alt-Svc",
        "Content-Security-Policy",
        "Access-Control-Allow-Origin",
        "Service-Worker-Allowed",
        "Refresh",
        "X-Content-Type-Options",
        "X-Accel-Redirect",
        "X-Sendfile",
    ] {
        let reply = call(&app, "PUT", ANSWER, with(name)).await;
        let says = "allowed are Cache-Control, Content-Language, Content-Type";
        refusal::check(&reply, 422, "invalid", "headers[0].name", says, name);
    }
    for name in ["Retry-After", "content-type", "ETag", "Location", "RateLimit", "X-Request-Id", "x-my-own"] {
        call(&app, "PUT", ANSWER, with(name)).await.expect(200);
        assert_eq!(call(&app, "POST", BIN, "").await.header(name), "1", "{name}");
    }
}

#[tokio::test]
async fn a_name_that_cannot_be_a_bins_is_told_what_a_name_is() {
    let app = App::new().await;
    for (method, path) in [
        ("POST", "/inspect/short"),
        ("GET", "/inspect/has%20space1/x"),
        ("GET", "/inspector/short/requests"),
        ("PUT", "/inspector/has.dot.in.it/answer"),
    ] {
        let reply = call(&app, method, path, "{}").await;
        refusal::check(&reply, 404, "not_found", "", "8 to 64 letters, digits, `_` or `-`", path);
    }
    for (query, field) in [("format=xml", "format"), ("limit=0", "limit"), ("page=1", "page")] {
        let reply = call(&app, "GET", &format!("{REQUESTS}?{query}"), "").await;
        refusal::check(&reply, 422, "invalid", field, "", query);
    }
    let reply = call(&app, "GET", &format!("{REQUESTS}?cursor=x"), "").await;
    refusal::check(&reply, 400, "bad_cursor", "cursor", "unchanged", "cursor=x");
}

#[tokio::test]
async fn a_new_bin_is_a_page_for_browsers_and_json_for_programs() {
    let app = App::new().await;
    let reply = call(&app, "GET", "/inspector", "").await;
    assert_eq!(reply.status, 303);
    let bin =
        reply.header("location").strip_prefix("/inspector/").unwrap().strip_suffix("/requests").unwrap();
    assert_eq!(bin.len(), 24);
    let request = Request::get("/inspector").header("accept", "application/json").body(Body::empty());
    let told = app.call(request.unwrap()).await.expect(200);
    let other = told["bin"].as_str().unwrap();
    assert_ne!(other, bin);
    assert_eq!(told["url"], format!("https://hooks.example/inspect/{other}"));
    assert_eq!(told["page"], format!("https://hooks.example/inspector/{other}/requests"));
}

#[tokio::test]
async fn the_page_shows_text_and_runs_nothing_that_a_sender_wrote() {
    let app = App::new().await;
    let evil = "<script>alert(1)</script>";
    call(&app, "POST", &format!("{BIN}/'%3Ci%3E"), evil).await.expect(200);
    let request =
        Request::post(BIN).header("x-evil", evil).body(Body::from(format!("{{\"a\": \"{evil}\"}}")));
    app.call(request.unwrap()).await.expect(200);
    let page = page(&app).await;
    assert_eq!(page.matches("<script>").count(), 1, "{page}");
    assert!(page.contains("&#60;script&#62;alert(1)") && !page.contains("<i>"), "{page}");
    let reply = call(&app, "GET", REQUESTS, "").await;
    assert!(reply.header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(reply.header("x-content-type-options"), "nosniff");

    let answer = json!({"headers": [{"name": "content-type", "value": "text/html"}], "body": evil});
    call(&app, "PUT", ANSWER, answer.to_string()).await.expect(200);
    let reply = call(&app, "GET", BIN, "").await;
    assert_eq!(reply.header("content-security-policy"), "sandbox");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn the_page_tells_how_to_verify_and_breaks_json_into_lines() {
    let app = App::new().await;
    let request = Request::post(BIN)
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", "1700000000")
        .header("webhook-signature", "v1,abc=")
        .body(Body::from(r#"{"type":"a","n":1.50}"#));
    app.call(request.unwrap()).await.expect(200);
    let page = page(&app).await;
    for part in [
        "HMAC-SHA256 over `msg_1.1700000000.`",
        "  &#34;n&#34;: 1.50\n",
        "compare in constant time",
        "200 OK",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
}

#[tokio::test]
async fn the_page_of_a_bin_to_which_nothing_came_says_so_and_how_to_send_to_it() {
    let app = App::new().await;
    let page = page(&app).await;
    assert!(page.contains("Nothing has come to this bin yet."), "{page}");
    assert!(page.contains(&format!("<pre>curl https://hooks.example{BIN} -d ")), "{page}");
}

#[tokio::test]
async fn a_browser_that_has_the_newest_page_is_told_so() {
    let app = App::new().await;
    call(&app, "POST", BIN, "1").await.expect(200);
    let tag = call(&app, "GET", REQUESTS, "").await.header("etag").to_owned();
    let again = async |tag: &str| {
        let request = Request::get(REQUESTS).header("if-none-match", tag).body(Body::empty());
        app.call(request.unwrap()).await.status.as_u16()
    };
    assert_eq!(again(&tag).await, 304);
    call(&app, "PUT", ANSWER, r#"{"status":410}"#).await.expect(200);
    assert_eq!(again(&tag).await, 200);
}

#[tokio::test]
async fn where_it_is_off_nothing_is_recorded_and_the_remedy_is_told() {
    let app = App::without_inspector().await;
    for path in [REQUESTS, ANSWER, "/inspector"] {
        refusal::check(&call(&app, "GET", path, "").await, 404, "not_found", "", "--inspector", path);
    }
    refusal::check(&call(&app, "POST", BIN, "").await, 404, "not_found", "", "no such path", BIN);
}

const HEAD: &str = "POST /inspect/bin-of-the-test?x=1 HTTP/1.1\r\nhost: t\r\nX-LeadHub-Signature: v\r\nx-b: 1\r\nX-B: \
                    2\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";

fn headers(request: &Value) -> Vec<String> {
    let line = |header: &Value| {
        format!("{}: {}", header["name"].as_str().unwrap(), header["value"].as_str().unwrap())
    };
    request["headers"].as_array().unwrap().iter().map(line).collect()
}

#[tokio::test]
async fn headers_are_shown_in_the_spelling_and_order_in_which_they_came() {
    let app = App::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router: Router = app.router.clone();
    let serving = Serving { spelling: HeaderSpelling::Kept, connections_max: 10 };
    let server = tokio::spawn(serve(listener, router, serving, std::future::pending()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let own = stream.local_addr().unwrap().to_string();
    stream.write_all(format!("{HEAD}2\r\nhi\r\n0\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    within("the answer", stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let recorded = &requests(&app).await[0];
    let expected = [
        "host: t",
        "X-LeadHub-Signature: v",
        "x-b: 1",
        "X-B: 2",
        "Transfer-Encoding: chunked",
        "Connection: close",
    ];
    assert_eq!(headers(recorded), expected);
    assert_eq!((&recorded["body"], &recorded["remote"]), (&json!("hi"), &json!(own)));
    server.abort();
}

#[tokio::test]
async fn a_connection_within_the_process_reaches_bins_and_nothing_else() {
    let inspector = Inspector::new(InspectorParts {
        clock: Arc::new(ManualClock::default()),
        rng: StdRng::seed_from_u64(1),
        public_url: EndpointUrl::parse("http://h").unwrap(),
        short_names: true,
    });
    for (path, status) in
        [("/inspect/a", "200 OK"), ("/v1/tenants", "404 Not Found"), ("/inspector", "404 Not Found")]
    {
        let (mut ours, theirs) = tokio::io::duplex(1024);
        let inspector = inspector.clone();
        let served = tokio::spawn(async move { inspector.serve_in_process(theirs).await });
        let request = format!("GET {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
        ours.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        within("the answer", ours.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{path}: {answer}");
        within("the end of the connection", served).await.unwrap();
    }
}
