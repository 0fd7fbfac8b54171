//! Receivers of HTTP/2 that send without end what HTTP/2 allows in any number, and those that take nothing.

use std::time::Duration;

use postroad_domain::ErrorClass;
use postroad_egress::{Egress, OutboundRequest, Owner};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    time::{Instant, timeout},
};
use tokio_rustls::server::TlsStream;

use crate::{
    certificates::{authority, trusting},
    http_2::{accept, acceptor, plain, request, sender, serve},
    network::network,
};

const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
const SETTINGS_ACK: [u8; 9] = [0, 0, 0, 4, 1, 0, 0, 0, 0];

/// Reads up to the request, and answers the settings.
pub(crate) async fn read_request(stream: &mut TlsStream<DuplexStream>) {
    const HEADERS: u8 = 1;
    stream.read_exact(&mut [0; 24]).await.unwrap();
    stream.write_all(&SETTINGS).await.unwrap();
    stream.write_all(&SETTINGS_ACK).await.unwrap();
    stream.flush().await.unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        stream.read_exact(&mut vec![0; length]).await.unwrap();
        if head[3] == HEADERS {
            return;
        }
    }
}

/// Sends a frame without end, and reads what comes of it; ends when the other side has closed the connection.
async fn flood(stream: TlsStream<DuplexStream>, frame: &[u8]) {
    let (mut from, mut to) = tokio::io::split(stream);
    let many = frame.repeat(100);
    let reading = async { tokio::io::copy(&mut from, &mut tokio::io::sink()).await };
    let writing = async { while to.write_all(&many).await.is_ok() && to.flush().await.is_ok() {} };
    let _ = tokio::join!(reading, writing);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_frames_ends_its_connection_at_once_and_no_other() {
    let ping = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    let interim = [0, 0, 5, 1, 4, 0, 0, 0, 1, 8, 3, b'1', b'0', b'3'];
    let window_of_connection = [0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let priority = [0, 0, 5, 2, 0, 0, 0, 0, 3, 0, 0, 0, 1, 1];
    let unknown = [0, 0, 0, 99, 0, 0, 0, 0, 0];
    for frame in [&ping[..], &SETTINGS, &interim, &window_of_connection, &priority, &unknown] {
        let issuer = authority();
        let (network, mut hosts) = network();
        let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2"]));
        let settings = trusting(&issuer);
        let of = |owner| OutboundRequest { owner: Owner(owner), ..request(&settings) };
        let began = Instant::now();
        let serving = async {
            let mut stream = accept(&mut hosts, &acceptor).await;
            read_request(&mut stream).await;
            tokio::join!(flood(stream, frame), async {
                serve(accept(&mut hosts, &acceptor).await, |_| async { plain("") }).await
            });
        };
        let exchanges = async {
            let (flooded, other) = tokio::join!(egress.exchange(of(1)), async {
                tokio::task::yield_now().await;
                egress.exchange(of(2)).await
            });
            assert_eq!(other.unwrap().status, 200, "{frame:?}");
            flooded.unwrap_err()
        };
        let failed = tokio::select! {
            failed = exchanges => failed,
            () = serving => panic!("both connections were closed"),
        };
        assert_eq!(failed.class, ErrorClass::Protocol, "{frame:?}: {failed}");
        assert!(began.elapsed() < Duration::from_secs(1), "{frame:?}: {:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn empty_data_and_resets_without_end_behind_an_answer_end_its_connection_and_the_status_stands() {
    let empty_data = [0, 0, 0, 0, 0, 0, 0, 0, 1];
    let reset = [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8];
    for frame in [&empty_data[..], &reset] {
        let issuer = authority();
        let (network, mut hosts) = network();
        let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2"]));
        let settings = trusting(&issuer);
        let (outcome, ()) = tokio::join!(egress.exchange(request(&settings)), async {
            let mut stream = accept(&mut hosts, &acceptor).await;
            read_request(&mut stream).await;
            // `:status: 200`, a body to follow.
            stream.write_all(&[0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88]).await.unwrap();
            stream.flush().await.unwrap();
            flood(stream, frame).await;
        });
        let response = outcome.unwrap();
        assert_eq!((response.status, response.truncated), (200, true), "{frame:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_takes_and_sends_nothing_is_given_up_at_the_deadline_and_its_connection_closed() {
    let issuer = authority();
    let (network, mut hosts) = network();
    let (egress, acceptor) = (sender(&network), acceptor(&issuer, &[b"h2"]));
    let settings = trusting(&issuer);
    let body = bytes::Bytes::from(vec![b'x'; 1024 * 1024]);
    let hasty = OutboundRequest { deadline: Duration::from_secs(3), body, ..request(&settings) };
    let exchanges = async {
        let failed = egress.exchange(hasty).await.unwrap_err();
        assert_eq!(failed.class, ErrorClass::Timeout, "{failed}");
        assert_eq!(
            egress.exchange(request(&settings)).await.unwrap().status,
            200,
            "nobody waits for it twice"
        );
        assert_eq!(network.dialled().len(), 2);
    };
    let serving = async {
        let mut silent = accept(&mut hosts, &acceptor).await;
        let began = Instant::now();
        let closing = async {
            // Nothing is taken until it must be closed.
            let _ = timeout(Duration::from_millis(4_500), std::future::pending::<()>()).await;
            let _ = silent.read_to_end(&mut Vec::new()).await;
            assert!(began.elapsed() <= Duration::from_millis(4_600), "{:?}", began.elapsed());
        };
        tokio::join!(closing, async {
            serve(accept(&mut hosts, &acceptor).await, |_| async { plain("") }).await
        });
    };
    let (served, ()) = tokio::join!(async { timeout(Duration::from_secs(3_600), serving).await }, exchanges);
    served.unwrap();
}
