//! What receivers answer, the good and the hostile.

use std::time::Duration;

use postroad_domain::{
    ErrorClass,
    limits::{
        RESPONSE_BODY_BYTES_MAX, RESPONSE_BODY_TIME_MAX, RESPONSE_HEADERS_BYTES_MAX, RESPONSE_HEADERS_MAX,
    },
};
use postroad_egress::Egress;
use tokio::{
    io::AsyncWriteExt,
    time::{Instant, interval},
};

use crate::network::{egress, exchange_with, network, post};

#[tokio::test(start_paused = true)]
async fn an_answer_comes_back_whole() {
    let response = exchange_with(|mut host| async move {
        host.answer("HTTP/1.1 201 Created\r\nX-Id: 7\r\nX-Id: 8\r\ncontent-length: 5\r\n\r\nhello").await;
    });
    let response = response.await.unwrap();
    assert_eq!((response.status, &response.body[..], response.truncated), (201, &b"hello"[..], false));
    assert_eq!(response.headers, [("x-id", "7"), ("x-id", "8"), ("content-length", "5")]);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (network, mut hosts) = network();
    let egress = egress(&network);
    let answer = "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://8.8.8.8/\r\ncontent-length: 0\r\n\r\n";
    let (outcome, _host) =
        tokio::join!(egress.exchange(post("http://93.184.216.34/hook")), hosts.answer(answer));
    let response = outcome.unwrap();
    assert_eq!(response.status, 307);
    assert_eq!(response.headers.iter().next(), Some(("location", "http://8.8.8.8/")));
    assert_eq!(network.dialled(), ["93.184.216.34:80"]);
}

#[tokio::test(start_paused = true)]
async fn an_endless_body_is_cut_at_its_limit_at_once_and_its_connection_closed() {
    let began = Instant::now();
    let response = exchange_with(|mut host| async move {
        host.answer("HTTP/1.1 200 OK\r\n\r\n").await;
        while host.0.write_all(&[b'x'; 4_096]).await.is_ok() {}
    });
    let response = response.await.unwrap();
    assert_eq!((response.status, response.body.len()), (200, RESPONSE_BODY_BYTES_MAX));
    assert!(response.truncated);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_body_as_long_as_its_limit_is_whole_and_one_byte_more_is_cut() {
    for (length, truncated) in [(RESPONSE_BODY_BYTES_MAX, false), (RESPONSE_BODY_BYTES_MAX + 1, true)] {
        let response = exchange_with(|mut host| async move {
            host.answer(&format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n")).await;
            host.write(vec![b'x'; length]).await;
        });
        let response = response.await.unwrap();
        assert_eq!((response.body.len(), response.truncated), (RESPONSE_BODY_BYTES_MAX, truncated));
    }
}

#[tokio::test(start_paused = true)]
async fn a_trickling_body_gets_two_seconds_and_the_status_stands() {
    let began = Instant::now();
    let response = exchange_with(|mut host| async move {
        host.answer("HTTP/1.1 202 Accepted\r\ncontent-length: 1000\r\n\r\n").await;
        let mut drops = interval(Duration::from_millis(300));
        while host.0.write_all(b"x").await.is_ok() {
            drops.tick().await;
        }
    });
    let response = response.await.unwrap();
    assert_eq!((response.status, response.truncated), (202, true));
    assert!((6..=8).contains(&response.body.len()), "{}", response.body.len());
    assert!(began.elapsed() < RESPONSE_BODY_TIME_MAX + Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_body_gets_no_more_than_the_rest_of_the_deadline() {
    let began = Instant::now();
    let response = exchange_with(|mut host| async move {
        host.read_request().await;
        tokio::time::advance(Duration::from_millis(14_500)).await;
        host.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx").await;
        host.closed().await;
    });
    let response = response.await.unwrap();
    assert_eq!((response.status, &response.body[..], response.truncated), (200, &b"x"[..], true));
    assert!(began.elapsed() <= Duration::from_millis(15_010), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_is_truncated_and_no_error() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nnonsense\r\n",
    ] {
        let response = exchange_with(|mut host| async move {
            host.answer(answer).await;
        });
        let response = response.await.unwrap();
        assert_eq!((response.status, &response.body[..], response.truncated), (200, &b"half"[..], true));
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_never_answers_meets_the_deadline() {
    let began = Instant::now();
    let failed = exchange_with(|mut host| async move {
        host.read_request().await;
        host.closed().await;
    });
    let failed = failed.await.unwrap_err();
    assert_eq!((failed.class, failed.message.as_str()), (ErrorClass::Timeout, "no answer within 15s"));
    assert!(began.elapsed() <= Duration::from_millis(15_010), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn interim_answers_without_end_meet_the_deadline() {
    let failed = exchange_with(|mut host| async move {
        host.read_request().await;
        let mut steps = interval(Duration::from_millis(500));
        while host.0.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n").await.is_ok() {
            steps.tick().await;
        }
    });
    assert_eq!(failed.await.unwrap_err().class, ErrorClass::Timeout);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_http_is_a_failure_of_the_protocol() {
    for garbage in [
        "SSH-2.0-OpenSSH_9.6\r\n",
        "220 mail.example ESMTP\r\n",
        "HTTP/3.1 200 OK\r\n\r\n",
        "HTTP/1.1 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: ten\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "\0\0\0\0\0\0\0\0\0\0\0\0",
        "<html></html>\r\n\r\n",
    ] {
        let failed = exchange_with(|mut host| async move {
            host.answer(garbage).await;
            host.closed().await;
        });
        assert_eq!(failed.await.unwrap_err().class, ErrorClass::Protocol, "{garbage:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_speaks_first_is_a_failure_of_the_protocol() {
    let failed = exchange_with(|mut host| async move {
        host.write("SSH-2.0-OpenSSH_9.6\r\n").await;
        host.closed().await;
    });
    assert_eq!(failed.await.unwrap_err().class, ErrorClass::Protocol);
}

#[tokio::test(start_paused = true)]
async fn a_head_without_bounds_is_a_failure_of_the_protocol() {
    let huge: String = (0..100).map(|number| format!("x-{number}: {}\r\n", "v".repeat(2_048))).collect();
    let endless = format!("x: {}", "v".repeat(200_000));
    for headers in [huge, endless] {
        let failed = exchange_with(|mut host| async move {
            host.answer(&format!("HTTP/1.1 200 OK\r\n{headers}\r\n")).await;
            host.closed().await;
        });
        assert_eq!(failed.await.unwrap_err().class, ErrorClass::Protocol);
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_head_is_kept_up_to_its_limit() {
    let headers: String = (0..40).map(|number| format!("x-{number}: {}\r\n", "v".repeat(1_024))).collect();
    let response = exchange_with(|mut host| async move {
        host.answer(&format!("HTTP/1.1 200 OK\r\n{headers}retry-after: 7\r\ncontent-length: 0\r\n\r\n"))
            .await;
    });
    let response = response.await.unwrap();
    let kept_bytes: usize = response.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(kept_bytes <= RESPONSE_HEADERS_BYTES_MAX, "{kept_bytes}");
    assert_eq!(response.headers.get("retry-after"), Some("7"));
}

#[tokio::test(start_paused = true)]
async fn one_malformed_header_does_not_undo_a_delivery() {
    let response = exchange_with(|mut host| async move {
        host.answer("HTTP/1.1 200 OK\r\nbad header: 1\r\nok: 2\r\ncontent-length: 0\r\n\r\n").await;
    });
    assert_eq!(response.await.unwrap().status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_closes_before_the_answer_is_a_failure_of_the_connection() {
    for beginning in ["", "HTTP/1.1 20"] {
        let failed = exchange_with(|mut host| async move {
            host.answer(beginning).await;
        });
        assert_eq!(failed.await.unwrap_err().class, ErrorClass::Connect, "{beginning:?}");
    }
}

/// What comes of an answer, after which the host leaves the connection open.
async fn answered(answer: impl AsRef<str>) -> postroad_egress::OutboundResponse {
    let answer = answer.as_ref().to_owned();
    let response = exchange_with(|mut host| async move {
        host.answer(&answer).await;
        host.closed().await;
    });
    response.await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_thousands_of_headers_is_an_answer_and_says_that_some_are_left_out() {
    let many = "x: v\r\n".repeat(5_000);
    let response =
        answered(format!("HTTP/1.1 200 OK\r\n{many}Retry-After: 7\r\ncontent-length: 2\r\n\r\nok")).await;
    assert_eq!((response.status, &response.body[..]), (200, &b"ok"[..]));
    assert_eq!((response.headers.len(), response.truncated), (RESPONSE_HEADERS_MAX + 1, true));
    assert_eq!(response.headers.get("retry-after"), Some("7"));
}

#[tokio::test(start_paused = true)]
async fn a_control_character_in_a_header_does_not_undo_a_delivery_and_is_marked() {
    for (odd, kept) in [
        ("x-trace: a\0b", Some("a b")),
        ("x-trace: a\rb", Some("a b")),
        ("x-trace: a\x07\x7fb", Some("a  b")),
        ("x-tr\0ace: ab", None),
        ("x-tr\race: ab", None),
        ("x trace: ab", None),
        ("no header at all", None),
    ] {
        let response =
            answered(format!("HTTP/1.1 200 OK\r\n{odd}\r\nx-id: 7\r\ncontent-length: 2\r\n\r\nok")).await;
        assert_eq!(
            (response.status, &response.body[..], response.truncated),
            (200, &b"ok"[..], true),
            "{odd:?}"
        );
        let headers = &response.headers;
        assert_eq!((headers.get("x-trace"), headers.get("x-id")), (kept, Some("7")), "{odd:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_odd_head_is_the_same_when_it_comes_in_pieces() {
    let response = exchange_with(|mut host| async move {
        host.read_request().await;
        let head = format!(
            "HTTP/1.1 202 Accepted\r\nbad\0: 1\r\n{}content-length: 2\r\n\r\nok",
            "x: v\r\n".repeat(200)
        );
        for piece in head.as_bytes().chunks(2) {
            host.write(piece).await;
            tokio::task::yield_now().await;
        }
        host.closed().await;
    });
    let response = response.await.unwrap();
    assert_eq!((response.status, &response.body[..], response.truncated), (202, &b"ok"[..], true));
}

#[tokio::test(start_paused = true)]
async fn what_makes_the_status_unclear_is_a_failure_of_the_protocol_however_it_comes() {
    for garbage in ["HTTP/1.1 2\x0000 OK\r\n\r\n", "HTTP/1.1 200 O\0K\r\n\r\n", "HTTP/1.1 200\rOK\r\n\r\n"] {
        for size in [1, 1_000] {
            let failed = exchange_with(|mut host| async move {
                host.read_request().await;
                for piece in garbage.as_bytes().chunks(size) {
                    host.write(piece).await;
                    tokio::task::yield_now().await;
                }
                host.closed().await;
            });
            assert_eq!(failed.await.unwrap_err().class, ErrorClass::Protocol, "{garbage:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn interim_answers_that_come_without_end_are_counted_and_not_waited_for() {
    let began = Instant::now();
    let failed = exchange_with(|mut host| async move {
        host.read_request().await;
        while host.0.write_all(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n").await.is_ok() {}
    });
    let failed = failed.await.unwrap_err();
    assert_eq!(failed.class, ErrorClass::Protocol);
    assert!(failed.message.ends_with("it sent more than 100 interim answers"), "{failed}");
    assert_eq!(began.elapsed(), Duration::ZERO);
}
