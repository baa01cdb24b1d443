//! Care for the engine and for clients: work that nobody waits for, panics, extensions, limits that are lifted.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use docent_corpus::{Answer, Assistant, AssistantId, Interest, Outcome};
use docent_gateway::{Asker, Engine, EngineError, Gateway, Part, Settings, Writing, listen};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Works on a question that begins with «долго» as long as somebody waits; panics where it is told to.
struct Patient {
    begun: SyncSender<()>,
    ended: SyncSender<Instant>,
    names: Mutex<u32>,
}

impl Engine for Patient {
    fn assistants(&self) -> Arc<[Assistant]> {
        let mut names = self
            .names
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *names += 1;
        assert!(*names != 3, "this panic is part of the test");
        Arc::new([Assistant::new(AssistantId(1), "Один")])
    }

    fn answer(&self, _: AssistantId, question: &str) -> Result<Answer, EngineError> {
        Ok(Answer {
            text: question.to_owned(),
            outcome: Outcome::Answered,
            sources: Vec::new(),
        })
    }

    fn answer_while(
        &self,
        assistant: AssistantId,
        question: &str,
        interest: &Interest,
    ) -> Result<Answer, EngineError> {
        if question.starts_with("долго") {
            self.begun.send(()).unwrap();
            while !interest.is_lost() {
                std::thread::park_timeout(Duration::from_millis(1));
            }
            self.ended.send(Instant::now()).unwrap();
            return Err(EngineError::Unavailable("nobody waits".into()));
        }
        self.answer(assistant, question)
    }

    fn write(&self, _: AssistantId, question: &str, asker: Asker) -> Option<Writing> {
        let text = question.strip_prefix("пишут")?.to_owned();
        assert_eq!(asker.address, None);
        assert!(text != " не начав", "this panic is part of the test");
        let (show, shown) = watch::channel(String::new());
        let dropped = Dropped(self.ended.clone());
        let answer = async move {
            let _dropped = dropped;
            assert!(text != " и не могут", "this panic is part of the test");
            for word in ["Раз. ", "Два. ", "Три."] {
                show.send_modify(|shown| shown.push_str(word));
                tokio::task::yield_now().await;
            }
            if text == " без конца" {
                std::future::pending::<()>().await;
            }
            let answer = Answer {
                text: "Раз. Два. Три. Четыре.".to_owned(),
                outcome: Outcome::Answered,
                sources: Vec::new(),
            };
            Ok((answer, Part::Written))
        };
        Some(Writing {
            shown,
            answer: Box::pin(answer),
        })
    }

    fn generation(&self) -> u64 {
        1
    }
}

/// Tells when it is let go of.
struct Dropped(SyncSender<Instant>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send(Instant::now());
    }
}

struct Server {
    address: SocketAddr,
    admin: SocketAddr,
    stop: CancellationToken,
    _served: JoinSet<()>,
    begun: Receiver<()>,
    ended: Receiver<Instant>,
}

impl Server {
    fn start(settings: Settings) -> Self {
        let bind = || {
            let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
            let address = listener.local_addr().unwrap();
            (listener, address)
        };
        let ((public, address), (private, admin)) = (bind(), bind());
        let ((begin, begun), (end, ended)) = (sync_channel(16), sync_channel(16));
        let engine = Arc::new(Patient {
            begun: begin,
            ended: end,
            names: Mutex::new(0),
        });
        let gateway = Arc::new(Gateway::new(engine, settings));
        let stop = CancellationToken::new();
        let mut served = JoinSet::new();
        let (serving, until, until_too) = (gateway.clone(), stop.clone(), stop.clone());
        served.spawn(async move { serving.serve(public, until).await });
        served.spawn(async move { gateway.administer(private, until_too).await });
        Self {
            address,
            admin,
            stop,
            _served: served,
            begun,
            ended,
        }
    }

    async fn client(&self) -> Socket {
        let url = format!("ws://{}/ws/assistant", self.address);
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        say(&mut socket, r#"{"type":"select_assistant","assistant_id":1}"#).await;
        assert!(hear(&mut socket).await.contains("success"));
        socket
    }

    async fn metrics(&self) -> String {
        let mut socket = TcpStream::connect(self.admin).await.unwrap();
        let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        socket.write_all(request).await.unwrap();
        let mut told = String::new();
        socket.read_to_string(&mut told).await.unwrap();
        told
    }
}

async fn say(socket: &mut Socket, text: &str) {
    socket.send(Message::text(text)).await.unwrap();
}

async fn hear(socket: &mut Socket) -> String {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => return text.to_string(),
            Message::Close(frame) => panic!("closed: {frame:?}"),
            _ => {}
        }
    }
}

fn question(text: &str) -> String {
    format!(r#"{{"type":"question","question":"{text}"}}"#)
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

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_frees_the_engine_within_100_ms() {
    let settings = Settings {
        max_answers: 1,
        ..Settings::default()
    };
    let server = Server::start(settings);
    let mut best = Duration::MAX;
    // The shortest of some: a busy machine is not what is measured.
    for _ in 0..2 {
        let mut leaving = server.client().await;
        say(&mut leaving, &question("долго")).await;
        tokio::task::block_in_place(|| server.begun.recv()).unwrap();
        let left = Instant::now();
        drop(leaving);
        let ended = tokio::task::block_in_place(|| server.ended.recv()).unwrap();
        best = best.min(ended.duration_since(left));
    }
    assert!(best < Duration::from_millis(100), "{best:?}");
    // The only place is free again. The next selection is the one at which the engine panics.
    let url = format!("ws://{}/ws/assistant", server.address);
    let (mut broken, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    say(&mut broken, r#"{"type":"get_assistants"}"#).await;
    assert_eq!(
        close_code(&mut broken).await,
        Some(1011),
        "a session that cannot go on says so"
    );
    let mut other = server.client().await;
    say(&mut other, &question("скоро")).await;
    assert!(hear(&mut other).await.contains("скоро"));
    drop(broken);
    // Sessions that ended are counted out, the one that broke as well; the kernel takes its time to tell.
    while !server.metrics().await.contains("docent_connections 1\n") {}
    let told = server.metrics().await;
    for line in [
        "docent_closes_total{code=\"1011\"} 1\n",
        "docent_questions_total{outcome=\"abandoned\"} 2\n",
    ] {
        assert!(told.contains(line), "{line} is not in\n{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_takes_too_long_stops_its_work() {
    let settings = Settings {
        answer_deadline: Duration::from_millis(100),
        ..Settings::default()
    };
    let server = Server::start(settings);
    let mut client = server.client().await;
    say(&mut client, &question("долго")).await;
    let told = hear(&mut client).await;
    assert!(
        told.contains(r#""type":"error""#) && told.contains("номер запроса"),
        "{told}"
    );
    tokio::task::block_in_place(|| server.ended.recv_timeout(Duration::from_secs(10))).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_for_parts_gets_them_before_the_whole() {
    let server = Server::start(Settings::default());
    let mut client = server.client().await;
    let text = "одно и то же слово ".repeat(20);
    say(
        &mut client,
        &format!(r#"{{"type":"question","question":"{text}","stream":true,"id":5}}"#),
    )
    .await;
    let mut joined = String::new();
    let mut parts = 0;
    loop {
        let told = hear(&mut client).await;
        assert!(told.ends_with(r#","id":5}"#), "{told}");
        let Some(part) = told.strip_prefix(r#"{"type":"answer_delta","message":""#) else {
            assert_eq!(told, format!(r#"{{"type":"answer","message":"{text}","id":5}}"#));
            break;
        };
        joined.push_str(part.strip_suffix(r#"","id":5}"#).unwrap());
        parts += 1;
    }
    assert_eq!(joined, text);
    assert!(parts > 2, "{parts} parts");
    // An error has no parts, and a client that does not ask sees none.
    say(&mut client, r#"{"type":"question","question":" ","stream":true}"#).await;
    assert_eq!(
        hear(&mut client).await,
        r#"{"type":"error","message":"Пустой вопрос"}"#
    );
    say(&mut client, &question("просто")).await;
    assert_eq!(hear(&mut client).await, r#"{"type":"answer","message":"просто"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_written_is_shown_as_it_grows_and_let_go_of_with_its_client() {
    let server = Server::start(Settings::default());
    let mut client = server.client().await;
    say(
        &mut client,
        r#"{"type":"question","question":"пишут","stream":true}"#,
    )
    .await;
    let mut joined = String::new();
    let whole = loop {
        let told = hear(&mut client).await;
        match told.strip_prefix(r#"{"type":"answer_delta","message":""#) {
            Some(part) => joined.push_str(part.strip_suffix(r#""}"#).unwrap()),
            None => break told,
        }
    };
    assert_eq!(joined, "Раз. Два. Три. Четыре.");
    assert_eq!(whole, format!(r#"{{"type":"answer","message":"{joined}"}}"#));
    server.ended.recv().unwrap();
    // Whoever did not ask for parts gets the whole alone.
    say(&mut client, &question("пишут")).await;
    assert_eq!(hear(&mut client).await, whole);
    server.ended.recv().unwrap();
    // A panic costs its question, wherever it happens.
    say(&mut client, &question("пишут и не могут")).await;
    assert!(hear(&mut client).await.contains("номер запроса"));
    server.ended.recv().unwrap();
    say(&mut client, &question("пишут не начав")).await;
    assert_eq!(
        hear(&mut client).await,
        r#"{"type":"answer","message":"пишут не начав"}"#
    );
    say(
        &mut client,
        r#"{"type":"question","question":"пишут без конца","stream":true}"#,
    )
    .await;
    assert!(hear(&mut client).await.contains("answer_delta"));
    let left = Instant::now();
    drop(client);
    let ended = tokio::task::block_in_place(|| server.ended.recv()).unwrap();
    assert!(ended.duration_since(left) < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_judgement_is_counted_and_thanked_for() {
    let server = Server::start(Settings::default());
    let mut client = server.client().await;
    for helpful in [true, false, true] {
        say(
            &mut client,
            &format!(r#"{{"type":"feedback","id":"q-1","helpful":{helpful}}}"#),
        )
        .await;
        assert_eq!(
            hear(&mut client).await,
            r#"{"type":"success","message":"Спасибо за отзыв","id":"q-1"}"#
        );
    }
    say(&mut client, r#"{"type":"feedback","id":"q-1"}"#).await;
    assert_eq!(
        hear(&mut client).await,
        r#"{"type":"error","message":"Нет поля helpful: ожидается true/false","id":"q-1"}"#
    );
    let told = server.metrics().await;
    assert!(
        told.contains("docent_feedback_total{helpful=\"yes\"} 2\n"),
        "{told}"
    );
    assert!(
        told.contains("docent_feedback_total{helpful=\"no\"} 1\n"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_over_the_limit_is_an_error_and_not_a_broken_connection() {
    let settings = Settings {
        max_outbound_bytes: 1_000,
        ..Settings::default()
    };
    let server = Server::start(settings);
    let mut client = server.client().await;
    say(&mut client, &question(&"много ".repeat(200))).await;
    let told = hear(&mut client).await;
    assert!(
        told.starts_with(r#"{"type":"error","message":"Ответ слишком длинный"#),
        "{told}"
    );
    say(&mut client, &question("мало")).await;
    assert!(hear(&mut client).await.contains("мало"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_limit_can_be_lifted() {
    // A sum with the largest time or size must not overflow anywhere.
    let settings = Settings {
        max_message_bytes: usize::MAX,
        max_question_chars: usize::MAX,
        max_outbound_bytes: usize::MAX,
        socket_buffer_bytes: usize::MAX,
        max_head_bytes: usize::MAX,
        max_connections: usize::MAX,
        connections_per_address: usize::MAX,
        handshakes_per_second: None,
        max_answers: usize::MAX,
        max_waiting: usize::MAX,
        answer_deadline: Duration::MAX,
        write_deadline: Duration::MAX,
        idle: Duration::MAX,
        lifetime: Duration::MAX,
        closes_per_second: u32::MAX,
        grace: Duration::MAX,
        header_time: Duration::MAX,
        messages_in_flight: usize::MAX,
        question_burst: u32::MAX,
        questions_per_minute: None,
        questions_per_minute_per_address: None,
        ..Settings::default()
    };
    let server = Server::start(settings);
    let mut client = server.client().await;
    say(&mut client, &question(&"слово ".repeat(20_000))).await;
    assert!(hear(&mut client).await.len() > 200_000);
    server.stop.cancel();
    assert_eq!(close_code(&mut client).await, Some(1001));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_frame_is_not_lost_to_a_reset_while_the_client_still_sends() {
    let server = Server::start(Settings::default());
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let shaken = b"GET /ws/assistant HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    socket.write_all(shaken).await.unwrap();
    // A text frame of 200,000 bytes, three times what is allowed, sent to its end whatever the server says meanwhile.
    let mut frame = vec![0x81, 0x80 | 127];
    frame.extend(200_000_u64.to_be_bytes());
    frame.extend([0; 4]);
    frame.resize(frame.len() + 200_000, b'a');
    socket.write_all(&frame).await.unwrap();
    let mut back = Vec::new();
    socket.read_to_end(&mut back).await.unwrap();
    assert!(
        back.ends_with(&[0x88, 2, 0x03, 0xf1]),
        "no Close with 1009: {:?}",
        &back[back.len() - 8..]
    );
}
