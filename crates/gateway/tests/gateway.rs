//! The gateway over real sockets, with an engine that does what the test needs.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use docent_corpus::{Answer, Assistant, AssistantId, Outcome};
use docent_gateway::{Engine, EngineError, Settings, listen, serve};
use futures_util::{SinkExt, StreamExt};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Answers each question with what the function says.
struct Canned<F>(F);

impl<F: Fn(&str) -> String + Send + Sync + 'static> Engine for Canned<F> {
    fn assistants(&self) -> Arc<[Assistant]> {
        Arc::new([Assistant::new(AssistantId(1), "Один")])
    }

    fn answer(&self, _: AssistantId, question: &str) -> Result<Answer, EngineError> {
        Ok(Answer {
            text: (self.0)(question),
            outcome: Outcome::Answered,
            sources: Vec::new(),
        })
    }

    fn generation(&self) -> u64 {
        7
    }
}

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    served: JoinSet<()>,
}

impl Server {
    fn start(settings: Settings, answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let mut served = JoinSet::new();
        served.spawn(serve(listener, Arc::new(Canned(answer)), settings, stop.clone()));
        Self {
            address,
            stop,
            served,
        }
    }

    async fn client(&self) -> Socket {
        let url = format!("ws://{}/ws/assistant", self.address);
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let select = r#"{"type":"select_assistant","assistant_id":1}"#;
        socket.send(Message::text(select)).await.unwrap();
        assert!(reply(&mut socket).await.contains("success"));
        socket
    }

    /// Sends bytes over a bare socket and returns all that comes back until the server closes.
    async fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        let mut back = Vec::new();
        // A reset is an end as well.
        let _ = socket.read_to_end(&mut back).await;
        back
    }
}

async fn ask(socket: &mut Socket, question: &str) {
    let message = format!(r#"{{"type":"question","question":"{question}"}}"#);
    socket.send(Message::text(message)).await.unwrap();
}

async fn reply(socket: &mut Socket) -> String {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => return text.to_string(),
            Message::Close(frame) => panic!("closed: {frame:?}"),
            _ => {}
        }
    }
}

async fn close_code(socket: &mut Socket) -> Option<u16> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Close(frame))) => return frame.map(|frame| u16::from(frame.code)),
            Some(Ok(_)) => {}
            _ => return None,
        }
    }
}

/// An engine that tells when it begins a question and answers when it is told to.
fn gated() -> (
    impl Fn(&str) -> String + Send + Sync,
    Receiver<String>,
    SyncSender<()>,
) {
    let (begin, begun) = sync_channel(16);
    let (go, gate) = sync_channel(16);
    let gate = Mutex::new(gate);
    let answer = move |question: &str| {
        begin.send(question.to_owned()).unwrap();
        gate.lock().unwrap().recv().unwrap();
        format!("ответ: {question}")
    };
    (answer, begun, go)
}

/// Waits for the engine to begin a question.
async fn first(begun: Receiver<String>) -> (String, Receiver<String>) {
    tokio::task::spawn_blocking(move || (begun.recv().unwrap(), begun))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_questions_are_told_when_to_try_again() {
    let settings = Settings {
        question_burst: 2,
        questions_per_minute: Some(1),
        ..Settings::default()
    };
    let server = Server::start(settings, str::to_owned);
    let mut client = server.client().await;
    for question in ["раз", "два", "три"] {
        ask(&mut client, question).await;
    }
    assert!(reply(&mut client).await.contains("раз"));
    assert!(reply(&mut client).await.contains("два"));
    assert_eq!(
        reply(&mut client).await,
        r#"{"type":"error","message":"Слишком много вопросов за короткое время. Повторите через 60 с"}"#
    );
    // The connection stays usable, and another client has its own allowance.
    client
        .send(Message::text(r#"{"type":"get_assistants"}"#))
        .await
        .unwrap();
    assert!(reply(&mut client).await.contains("assistant_list"));
    let mut other = server.client().await;
    ask(&mut other, "четыре").await;
    assert!(reply(&mut other).await.contains("четыре"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_are_answered_while_an_answer_is_made_and_replies_stay_in_order() {
    let (answer, begun, go) = gated();
    let server = Server::start(Settings::default(), answer);
    let mut client = server.client().await;
    ask(&mut client, "долгий").await;
    let (question, _begun) = first(begun).await;
    assert_eq!(question, "долгий");
    client
        .send(Message::text(r#"{"type":"get_assistants"}"#))
        .await
        .unwrap();
    client.send(Message::Ping(b"17".to_vec().into())).await.unwrap();
    match client.next().await.unwrap().unwrap() {
        Message::Pong(payload) => assert_eq!(&payload[..], b"17"),
        other => panic!("a pong was due, came {other:?}"),
    }
    go.send(()).unwrap();
    assert!(reply(&mut client).await.contains("ответ: долгий"));
    assert!(reply(&mut client).await.contains("assistant_list"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_takes_its_waiting_question_along() {
    let (answer, begun, go) = gated();
    let settings = Settings {
        max_answers: 1,
        ..Settings::default()
    };
    let server = Server::start(settings, answer);
    let (mut one, mut two, mut three) = (
        server.client().await,
        server.client().await,
        server.client().await,
    );
    ask(&mut one, "первый").await;
    let (_, begun) = first(begun).await;
    ask(&mut two, "второй").await;
    // The Close that comes back proves that the server has seen both the question and the goodbye.
    two.close(None).await.unwrap();
    while let Some(Ok(_)) = two.next().await {}
    ask(&mut three, "третий").await;
    go.send(()).unwrap();
    go.send(()).unwrap();
    assert!(reply(&mut one).await.contains("первый"));
    assert!(reply(&mut three).await.contains("третий"));
    assert_eq!(begun.try_iter().collect::<Vec<_>>(), ["третий"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_costs_one_question() {
    let server = Server::start(Settings::default(), |question| {
        assert!(question != "беда", "this panic is part of the test");
        question.to_owned()
    });
    let mut client = server.client().await;
    ask(&mut client, "беда").await;
    ask(&mut client, "после").await;
    let told = reply(&mut client).await;
    assert!(
        told.contains(r#""type":"error""#) && !told.contains("panic"),
        "{told}"
    );
    assert!(reply(&mut client).await.contains("после"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_is_stopped_and_closed() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let settings = Settings {
        write_deadline: Duration::from_millis(300),
        questions_per_minute: None,
        ..Settings::default()
    };
    let server = Server::start(settings, move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        "я".repeat(30_000)
    });
    let mut slow = server.client().await;
    let mut sent = 0;
    // The server stops reading, so that sending blocks too, and closes at its deadline, so that sending fails.
    let question = r#"{"type":"question","question":"много"}"#;
    while sent < 100_000 {
        match tokio::time::timeout(Duration::from_secs(20), slow.send(Message::text(question))).await {
            Ok(Ok(())) => sent += 1,
            Ok(Err(_)) => break,
            Err(late) => panic!("not closed after {sent} questions: {late}"),
        }
    }
    assert!(sent < 100_000, "never closed");
    let made = calls.load(Ordering::SeqCst);
    assert!(
        made < 200,
        "{made} answers of 60 KB were made for a client that reads none"
    );
    // Others are served as ever.
    let mut other = server.client().await;
    ask(&mut other, "мало").await;
    assert!(reply(&mut other).await.len() > 60_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_head_that_never_ends_is_cut_off() {
    let settings = Settings {
        header_time: Duration::from_millis(200),
        ..Settings::default()
    };
    let server = Server::start(settings, str::to_owned);
    let begun = Instant::now();
    let back = server
        .raw(b"GET /ws/assistant HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        .await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(10), "held for {took:?}");
    assert!(
        !back.starts_with(b"HTTP/1.1 1"),
        "{}",
        String::from_utf8_lossy(&back)
    );
}

/// Shakes hands and returns the status with what `Retry-After` says.
async fn refused(server: &Server, origin: Option<&'static str>) -> (u16, Option<String>) {
    let mut request = format!("ws://{}/ws/assistant", server.address)
        .into_client_request()
        .unwrap();
    if let Some(origin) = origin {
        request.headers_mut().insert("Origin", origin.parse().unwrap());
    }
    match tokio_tungstenite::connect_async(request).await {
        Err(Error::Http(response)) => {
            let retry = response.headers().get("retry-after");
            let retry = retry.map(|value| value.to_str().unwrap().to_owned());
            (response.status().as_u16(), retry)
        }
        Ok(_) => (101, None),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_over_the_limit_are_refused_before_the_upgrade() {
    let settings = Settings {
        max_connections: 1,
        ..Settings::default()
    };
    let server = Server::start(settings, str::to_owned);
    let mut only = server.client().await;
    assert_eq!(refused(&server, None).await, (503, Some("5".to_owned())));
    only.close(None).await.unwrap();
    while let Some(Ok(_)) = only.next().await {}
    // The place is given back when the session has ended, which is after its last frame.
    while refused(&server, None).await.0 == 503 {}
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_sites_are_refused_only_where_sites_are_listed() {
    let open = Server::start(Settings::default(), str::to_owned);
    assert_eq!(refused(&open, Some("https://any.example")).await.0, 101);
    let settings = Settings {
        origins: vec!["https://ours.example".to_owned()],
        ..Settings::default()
    };
    let closed = Server::start(settings, str::to_owned);
    assert_eq!(refused(&closed, Some("https://ours.example")).await.0, 101);
    assert_eq!(
        refused(&closed, Some("https://ours.example.evil.example"))
            .await
            .0,
        403
    );
    assert_eq!(refused(&closed, Some("http://ours.example")).await.0, 403);
    assert_eq!(refused(&closed, None).await.0, 101, "programs name no origin");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_finishes_the_answer_and_closes_with_1001() {
    let (answer, begun, go) = gated();
    let mut server = Server::start(Settings::default(), answer);
    let (mut busy, mut idle) = (server.client().await, server.client().await);
    ask(&mut busy, "последний").await;
    let (_, _begun) = first(begun).await;
    server.stop.cancel();
    assert_eq!(close_code(&mut idle).await, Some(1001));
    go.send(()).unwrap();
    assert!(reply(&mut busy).await.contains("последний"));
    assert_eq!(close_code(&mut busy).await, Some(1001));
    drop((busy, idle));
    server.served.join_next().await.unwrap().unwrap();
    assert!(
        TcpStream::connect(server.address).await.is_err(),
        "still accepting"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_client_is_pinged_and_then_closed() {
    let settings = Settings {
        idle: Duration::from_millis(200),
        ..Settings::default()
    };
    let server = Server::start(settings, str::to_owned);
    // A peer that answers no ping: a bare socket that only shook hands.
    let back = server.raw(&handshake()).await;
    let end = back.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(
        back[end..],
        [0x89, 0, 0x88, 2, 3, 0xe9],
        "a ping, then a Close with 1001"
    );
}

fn handshake() -> Vec<u8> {
    b"GET /ws/assistant HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Half frames, broken frames, any bytes and an abrupt end: the server answers the next client.
    #[test]
    fn no_bytes_bring_the_server_down(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        shaken in any::<bool>(),
        masked in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let settings = Settings { header_time: Duration::from_millis(50), ..Settings::default() };
            let server = Server::start(settings, str::to_owned);
            let mut sent = if shaken { handshake() } else { Vec::new() };
            if masked {
                // The head of a masked text frame, so that the rest is taken as its payload.
                sent.extend([0x81, 0x80 | bytes.len().min(125) as u8, 0, 0, 0, 0]);
            }
            sent.extend(&bytes);
            let mut socket = TcpStream::connect(server.address).await.unwrap();
            // The server may have closed already.
            let _ = socket.write_all(&sent).await;
            let _ = socket.shutdown().await;
            let mut back = Vec::new();
            let _ = socket.read_to_end(&mut back).await;
            let mut client = server.client().await;
            ask(&mut client, "жив?").await;
            assert!(reply(&mut client).await.contains("жив?"));
        });
    }
}
