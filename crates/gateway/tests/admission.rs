//! Limits by address, the queue, the operator's listener and a stop that takes its time, over real sockets.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use docent_corpus::{Answer, Assistant, AssistantId, Outcome};
use docent_gateway::{Engine, EngineError, Gateway, Settings, listen};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Answers when the gate is open.
#[derive(Default)]
struct Gated {
    open: Mutex<bool>,
    changed: Condvar,
}

impl Gated {
    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.changed.notify_all();
    }
}

impl Engine for Gated {
    fn assistants(&self) -> Arc<[Assistant]> {
        Arc::new([Assistant::new(AssistantId(1), "Один")])
    }

    fn answer(&self, _: AssistantId, question: &str) -> Result<Answer, EngineError> {
        let open = self.open.lock().unwrap();
        drop(self.changed.wait_while(open, |open| !*open).unwrap());
        Ok(Answer {
            text: question.to_owned(),
            outcome: Outcome::Answered,
            sources: Vec::new(),
        })
    }

    fn generation(&self) -> u64 {
        7
    }
}

struct Server {
    engine: Arc<Gated>,
    address: SocketAddr,
    admin: SocketAddr,
    stop: CancellationToken,
    served: JoinSet<()>,
}

impl Server {
    fn start(settings: Settings) -> Self {
        let bind = || {
            let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
            let address = listener.local_addr().unwrap();
            (listener, address)
        };
        let ((public, address), (private, admin)) = (bind(), bind());
        let engine = Arc::new(Gated::default());
        let gateway = Arc::new(Gateway::new(engine.clone(), settings));
        let (stop, stop_admin) = (CancellationToken::new(), CancellationToken::new());
        let mut served = JoinSet::new();
        let (serving, until) = (gateway.clone(), stop.clone());
        served.spawn(async move {
            tokio::join!(
                async {
                    serving.serve(public, until).await;
                    stop_admin.cancel();
                },
                gateway.administer(private, stop_admin.clone())
            );
        });
        Self {
            engine,
            address,
            admin,
            stop,
            served,
        }
    }

    /// Connects as the client whom a proxy saw at `address`.
    async fn connect(&self, address: &str) -> Result<Socket, (u16, String)> {
        let url = format!("ws://{}/ws/assistant", self.address);
        let mut request = url.into_client_request().unwrap();
        request
            .headers_mut()
            .insert("X-Forwarded-For", address.parse().unwrap());
        match tokio_tungstenite::connect_async(request).await {
            Ok((socket, _)) => Ok(socket),
            Err(Error::Http(response)) => {
                let retry = response.headers()["retry-after"].to_str().unwrap().to_owned();
                Err((response.status().as_u16(), retry))
            }
            Err(other) => panic!("{other}"),
        }
    }

    async fn chosen(&self, address: &str) -> Socket {
        let mut socket = self.connect(address).await.unwrap();
        say(&mut socket, r#"{"type":"select_assistant","assistant_id":1}"#).await;
        assert!(hear(&mut socket).await.contains("success"));
        socket
    }

    /// Asks the operator's listener.
    async fn admin(&self, path: &str) -> String {
        let mut socket = TcpStream::connect(self.admin).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        socket.read_to_string(&mut reply).await.unwrap();
        reply
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that fails before its gate is open must end, not wait.
        self.engine.open();
    }
}

async fn say(socket: &mut Socket, message: &str) {
    socket.send(Message::text(message)).await.unwrap();
}

async fn hear(socket: &mut Socket) -> String {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => return text.to_string(),
            Message::Close(frame) => return format!("{:?}", frame.map(|frame| u16::from(frame.code))),
            _ => {}
        }
    }
}

const QUESTION: &str = r#"{"type":"question","question":"когда?"}"#;

fn behind_a_proxy() -> Settings {
    Settings {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..Settings::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_its_connections_and_its_questions() {
    let server = Server::start(Settings {
        connections_per_address: 2,
        questions_per_minute_per_address: Some(1),
        ..behind_a_proxy()
    });
    server.engine.open();
    let (mut one, mut two) = (
        server.chosen("203.0.113.1").await,
        server.chosen("203.0.113.1").await,
    );
    let third = server.connect("203.0.113.1").await.map(drop);
    assert_eq!(third, Err((429, "30".to_owned())));
    // A header that a client wrote itself stands left of what the proxy saw.
    let forged = server.connect("198.51.100.7, 203.0.113.1").await.map(drop);
    assert_eq!(forged, Err((429, "30".to_owned())));
    say(&mut one, QUESTION).await;
    assert!(hear(&mut one).await.contains("answer"));
    say(&mut two, QUESTION).await;
    assert!(hear(&mut two).await.contains("Повторите через 60 с"));
    let mut elsewhere = server.chosen("203.0.113.2").await;
    say(&mut elsewhere, QUESTION).await;
    assert!(hear(&mut elsewhere).await.contains("answer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_handshakes_is_told_to_come_back() {
    let server = Server::start(Settings {
        handshakes_per_second: Some(1),
        ..behind_a_proxy()
    });
    let mut ends = Vec::new();
    for _ in 0..4 {
        ends.push(server.connect("203.0.113.1").await.map(drop));
    }
    assert!(ends[..2].iter().all(Result::is_ok), "{ends:?}");
    assert!(ends.contains(&Err((429, "1".to_owned()))), "{ends:?}");
    let told = server.admin("/metrics").await;
    assert!(
        told.contains(r#"docent_handshakes_refused_total{reason="rate"}"#),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_answers_at_once_that_it_is_full() {
    let server = Server::start(Settings {
        max_answers: 1,
        max_waiting: 1,
        ..behind_a_proxy()
    });
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = server.chosen("203.0.113.1").await;
        say(&mut client, QUESTION).await;
        clients.push(client);
    }
    // Whichever came last of the three is refused; the others wait for the gate.
    let heard = futures_util::future::select_all(clients.iter_mut().map(|client| Box::pin(hear(client))));
    let (told, _, rest) = heard.await;
    assert!(told.contains("Сейчас слишком много вопросов"), "{told}");
    assert!(server.admin("/readyz").await.contains("503"));
    // The refusal may be there before a thread has taken up the first question.
    let begun = Instant::now();
    while !server
        .admin("/metrics")
        .await
        .contains("docent_questions_waiting 1\n")
    {
        assert!(begun.elapsed() < Duration::from_secs(30), "one waits");
    }
    server.engine.open();
    for told in futures_util::future::join_all(rest).await {
        assert!(told.contains("когда?"), "{told}");
    }
    assert!(server.admin("/readyz").await.contains("200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_can_be_read_by_the_operator() {
    let server = Server::start(behind_a_proxy());
    server.engine.open();
    let mut client = server.chosen("203.0.113.1").await;
    say(&mut client, QUESTION).await;
    hear(&mut client).await;
    say(&mut client, "{").await;
    hear(&mut client).await;
    assert!(server.admin("/livez").await.starts_with("HTTP/1.1 200"));
    let told = server.admin("/metrics").await;
    for line in [
        "docent_connections 1",
        "docent_index_generation 7",
        r#"docent_messages_total{type="question"} 1"#,
        r#"docent_messages_total{type="invalid"} 1"#,
        r#"docent_questions_total{outcome="answered"} 1"#,
        "docent_answer_seconds_count 1",
    ] {
        assert!(told.contains(line), "{line} is not in\n{told}");
    }
    assert!(!told.contains("когда"), "a question in the metrics");
    let dashboard = include_str!("../../../deploy/grafana.json");
    let named: Vec<&str> = dashboard
        .split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
        .filter(|word| word.starts_with("docent_"))
        .collect();
    assert!(named.len() > 8, "{named:?}");
    for name in named {
        let family = name.trim_end_matches("_bucket").trim_end_matches("_total");
        assert!(
            told.contains(&format!("# TYPE {family} ")),
            "the dashboard shows {name}, which nobody counts"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_is_not_ready_but_serves_until_its_balancer_has_noticed() {
    let mut server = Server::start(Settings {
        drain_wait: Duration::from_secs(1),
        closes_per_second: 20,
        ..behind_a_proxy()
    });
    server.engine.open();
    let mut early = server.chosen("203.0.113.1").await;
    server.stop.cancel();
    while !server.admin("/readyz").await.contains("not ready: stopping") {}
    let mut late = server.chosen("203.0.113.1").await;
    say(&mut late, QUESTION).await;
    assert!(hear(&mut late).await.contains("когда?"));
    assert_eq!(hear(&mut early).await, "Some(1001)");
    assert_eq!(hear(&mut late).await, "Some(1001)");
    drop((early, late));
    server.served.join_next().await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_ends_with_its_lifetime() {
    let server = Server::start(Settings {
        lifetime: Duration::from_millis(300),
        ..behind_a_proxy()
    });
    let mut client = server.chosen("203.0.113.1").await;
    assert_eq!(hear(&mut client).await, "Some(1001)");
}
