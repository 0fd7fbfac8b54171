//! The receiver against plain sockets.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;
use crate::{wire::Reader, within};

const REQUEST: &[u8] = b"POST /hook?a=%20b HTTP/1.1\r\nhost: x\r\nX-Twice: 1\r\nx-other: -\r\nX-TWICE: 2\r\n\
    content-length: 7\r\n\r\n{\"a\":1}";

/// Sends `REQUEST` on a new connection and returns the connection.
async fn send(receiver: &Receiver) -> TcpStream {
    let mut stream = TcpStream::connect(receiver.address()).await.unwrap();
    stream.write_all(REQUEST).await.unwrap();
    stream
}

async fn status_line(stream: &mut TcpStream) -> String {
    Reader::new(stream).response().await.unwrap().unwrap().first_line
}

#[tokio::test]
async fn a_request_is_recorded_as_it_was_on_the_wire() {
    let receiver = Receiver::start().await;
    let mut stream = send(&receiver).await;
    assert_eq!(status_line(&mut stream).await, "HTTP/1.1 200 Scripted");
    let [request] = <[_; 1]>::try_from(receiver.wait_for(1).await).unwrap();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/hook?a=%20b"));
    assert_eq!(request.path(), "/hook");
    let lines = ["host: x", "X-Twice: 1", "x-other: -", "X-TWICE: 2", "content-length: 7"];
    assert_eq!(request.header_lines, lines);
    assert_eq!((request.header("x-twice"), request.json()["a"].as_i64()), (Some("1"), Some(1)));
}

#[tokio::test]
async fn an_answer_may_be_made_of_the_request() {
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::made(|request| Answer::status(201).body(request.body.clone())));
    let mut stream = send(&receiver).await;
    let answer = Reader::new(&mut stream).response().await.unwrap().unwrap();
    assert_eq!(
        (answer.first_line.as_str(), answer.body.as_slice()),
        ("HTTP/1.1 201 Scripted", &b"{\"a\":1}"[..])
    );
    assert_eq!(receiver.wait_for(1).await[0].answered, Some(201));
}

#[tokio::test]
async fn a_sequence_is_answered_in_turn_on_one_connection_and_its_last_answer_repeats() {
    let receiver = Receiver::start().await;
    let busy = Answer::status(503).header("Retry-After", "7").body("later");
    receiver.answer_in_turn("/hook", [busy, Answer::status(204)]);
    let mut stream = TcpStream::connect(receiver.address()).await.unwrap();
    for expected in ["503", "204", "204"] {
        stream.write_all(REQUEST).await.unwrap();
        let line = status_line(&mut stream).await;
        assert_eq!(line.split(' ').nth(1), Some(expected));
    }
    let received = receiver.wait_for_path("/hook", 3).await;
    let answered: Vec<_> = received.iter().map(|request| request.answered).collect();
    assert_eq!(answered, [Some(503), Some(204), Some(204)]);
    assert_eq!(receiver.take().len(), 3);
    assert!(receiver.received().is_empty());
    assert_eq!((receiver.connection_count(), receiver.open_connection_count()), (1, 1));
    drop(stream);
    receiver.wait_for_open_connections_at_most(0).await;
}

#[tokio::test]
async fn an_answer_waits_at_its_gate_until_the_test_lets_it_through() {
    let receiver = Receiver::start().await;
    let gate = Gate::default();
    receiver.answer("/hook", Answer::status(201).after(&gate));
    let mut streams = [send(&receiver).await, send(&receiver).await];
    receiver.wait_for(2).await;
    let mut byte = [0];
    assert!(streams.iter().all(|stream| stream.try_read(&mut byte).is_err()), "nothing may be answered yet");
    gate.release(2);
    for stream in &mut streams {
        assert_eq!(status_line(stream).await, "HTTP/1.1 201 Scripted");
    }
    gate.open();
    let mut third = send(&receiver).await;
    assert_eq!(status_line(&mut third).await, "HTTP/1.1 201 Scripted");
}

#[tokio::test]
async fn a_close_or_raw_bytes_end_the_connection() {
    let receiver = Receiver::start().await;
    receiver.answer_in_turn("/hook", [Answer::close(), Answer::raw("not HTTP at all")]);
    for expected in ["", "not HTTP at all"] {
        let mut text = String::new();
        let mut stream = send(&receiver).await;
        within("the end of the connection", stream.read_to_string(&mut text)).await.unwrap();
        assert_eq!(text, expected);
    }
}

#[tokio::test]
async fn trickling_and_endless_answers_begin_and_go_on() {
    let receiver = Receiver::start().await;
    let trickle = Answer::trickle(200, Duration::from_millis(1));
    receiver.answer_in_turn("/hook", [trickle, Answer::endless(200)]);
    for wanted in [80, 100_000] {
        let mut stream = send(&receiver).await;
        within("the body", stream.read_exact(&mut vec![0; wanted])).await.unwrap();
    }
    receiver.wait_for_open_connections_at_most(0).await;
}

#[tokio::test]
async fn a_hanging_answer_holds_the_connection_until_the_sender_gives_up() {
    let receiver = Receiver::start().await;
    receiver.answer("/hook", Answer::hang());
    let stream = send(&receiver).await;
    receiver.wait_for(1).await;
    assert_eq!(receiver.open_connection_count(), 1);
    drop(stream);
    receiver.wait_for_open_connections_at_most(0).await;
}
