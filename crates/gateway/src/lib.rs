//! The sockets: sessions, admission, the chat page.
//!
//! Owns connections from the handshake to the Close frame and the words of errors. Leaves answering to an [`Engine`].
//!
//! Invariants: one message in, one reply out, in order; a message is read only when the one before is answered, so a
//! client that does not read stops being read; every session is waited for when the server stops.

mod allowance;
mod page;
mod session;
mod words;

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use docent_corpus::{Answer, Assistant, AssistantId, Language};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Answers questions: the program's index, or a canned engine in tests.
pub trait Engine: Send + Sync + 'static {
    /// Returns the assistants, ordered by id. Cheap.
    fn assistants(&self) -> Arc<[Assistant]>;

    /// Answers one question. Blocks: called from a bounded pool.
    ///
    /// # Errors
    ///
    /// When the assistant is gone or the answer could not be made.
    fn answer(&self, assistant: AssistantId, question: &str) -> Result<Answer, EngineError>;
}

/// No answer could be made.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The operator removed the assistant.
    #[error("unknown assistant")]
    UnknownAssistant,
    /// The index or a model failed.
    #[error("the engine failed")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// The limits of the gateway, each with the reason for its default.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The language of errors.
    pub locale: Language,
    /// Bytes of one message: sixteen times the longest question in Cyrillic leaves room for escapes.
    pub max_message_bytes: usize,
    /// Characters of one question.
    pub max_question_chars: usize,
    /// Open connections: memory for each is some 10 KB.
    pub max_connections: usize,
    /// Answers made at one time: more than the cores only wait for one another.
    pub max_answers: usize,
    /// How long a question may take, its wait for a place included.
    pub answer_deadline: Duration,
    /// How long a client may take to accept a reply.
    pub write_deadline: Duration,
    /// Silence after which a ping is sent; a second silence as long closes. Proxies cut after 60 s.
    pub idle: Duration,
    /// How long a stopping server waits for its sessions.
    pub grace: Duration,
    /// How long a client may take to send the head of a request, so that slow ones cannot hold sockets.
    pub header_time: Duration,
    /// Messages of one client taken in while an answer is made; then it is not read, and its own system holds the rest.
    pub messages_in_flight: usize,
    /// Questions that a connection may ask in one go: a script with a test set passes, a flood does not.
    pub question_burst: u32,
    /// Questions a minute after that; none for no limit. Ten a second is more than anyone types, and a small part of what
    /// one core answers.
    pub questions_per_minute: Option<u32>,
    /// Sites whose pages may connect, as browsers name them in `Origin`; empty for any.
    pub origins: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            locale: Language::Russian,
            max_message_bytes: 64 << 10,
            max_question_chars: 4_000,
            max_connections: 10_000,
            max_answers: 4,
            answer_deadline: Duration::from_secs(20),
            write_deadline: Duration::from_secs(20),
            idle: Duration::from_secs(25),
            grace: Duration::from_secs(10),
            header_time: Duration::from_secs(10),
            messages_in_flight: 16,
            question_burst: 1_000,
            questions_per_minute: Some(600),
            origins: Vec::new(),
        }
    }
}

pub(crate) struct Shared {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) settings: Settings,
    pub(crate) stop: CancellationToken,
    pub(crate) answers: Arc<Semaphore>,
    connections: Arc<Semaphore>,
    sessions: TaskTracker,
}

/// Sockets beside the WebSocket sessions: page loads and handshakes under way.
const SPARE_SOCKETS: usize = 1_024;

/// Pause after a failed accept: out of descriptors, trying at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Kernel buffers of one socket, each way: an answer fits, and a client that never reads holds no megabytes.
const SOCKET_BUFFER_BYTES: u32 = 64 << 10;

/// The longest head of a request.
const HEAD_BYTES: usize = 16 << 10;

/// The system's queue of connections not yet accepted: a crowd that reconnects at once.
const BACKLOG: u32 = 4_096;

/// Binds a socket with the buffers that [`serve`] wants.
///
/// # Errors
///
/// When the address is taken or not ours.
pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES)?;
    socket.set_send_buffer_size(SOCKET_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stop` is cancelled, then finishes answers under way and closes every connection with 1001.
pub async fn serve(
    listener: TcpListener,
    engine: Arc<dyn Engine>,
    settings: Settings,
    stop: CancellationToken,
) {
    let sessions = TaskTracker::new();
    let (grace, header_time) = (settings.grace, settings.header_time);
    let sockets = Arc::new(Semaphore::new(
        settings.max_connections.saturating_add(SPARE_SOCKETS),
    ));
    let shared = Arc::new(Shared {
        answers: Arc::new(Semaphore::new(settings.max_answers)),
        connections: Arc::new(Semaphore::new(settings.max_connections)),
        engine,
        settings,
        stop: stop.clone(),
        sessions: sessions.clone(),
    });
    let app = Router::new()
        .route("/", get(page::html))
        .route("/page.js", get(page::script))
        .route("/page.css", get(page::style))
        .route(docent_protocol::ENDPOINT, get(upgrade))
        .route("/ws/assistant/", get(upgrade))
        .with_state(shared);
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let socket = match accepted {
            Ok((socket, _)) => socket,
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Beyond the last place there is nothing to answer with: the client sees a closed connection.
        if let Ok(place) = sockets.clone().try_acquire_owned() {
            sessions.spawn(connection(socket, app.clone(), header_time, stop.clone(), place));
        }
    }
    drop(listener);
    sessions.close();
    // Sessions see the same signal; one that does not end in time is cut with the process.
    let _ = tokio::time::timeout(grace, sessions.wait()).await;
}

/// Serves the requests of one TCP connection, until it is upgraded or ends.
async fn connection(
    socket: TcpStream,
    app: Router,
    header_time: Duration,
    stop: CancellationToken,
    place: OwnedSemaphorePermit,
) {
    // Pipelined replies would wait for one another's acknowledgement; a socket that refuses is slower, not wrong.
    let _ = socket.set_nodelay(true);
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_time)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(socket), TowerToHyperService::new(app))
        .with_upgrades();
    tokio::pin!(serving);
    // A client that breaks off in mid-request is its own affair.
    tokio::select! {
        _ = serving.as_mut() => {}
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(LAST_REQUEST, serving).await;
        }
    }
    drop(place);
}

/// How long a stopping server lets a request under way end; none of them takes long.
const LAST_REQUEST: Duration = Duration::from_secs(1);

async fn upgrade(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        let text = "This is a WebSocket endpoint: connect with ws:// and speak JSON text messages.\n";
        return (
            StatusCode::UPGRADE_REQUIRED,
            [(header::UPGRADE, "websocket"), (header::CONNECTION, "upgrade")],
            text,
        )
            .into_response();
    };
    if !welcome(&shared.settings.origins, &headers) {
        return (
            StatusCode::FORBIDDEN,
            "Pages of this site may not connect here.\n",
        )
            .into_response();
    }
    let Ok(place) = shared.connections.clone().try_acquire_owned() else {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, "5")],
            "Too many connections.\n",
        )
            .into_response();
    };
    let limit = shared.settings.max_message_bytes;
    let tracked = shared.sessions.token();
    upgrade
        .protocols([docent_protocol::SUBPROTOCOL])
        // The default of 128 KiB is zeroed before every read and stays resident for every idle connection.
        .read_buffer_size(4 << 10)
        .write_buffer_size(0)
        .max_write_buffer_size(4 << 20)
        .max_message_size(limit)
        .max_frame_size(limit)
        .on_upgrade(move |socket| async move {
            session::run(socket, &shared).await;
            drop((place, tracked));
        })
}

/// Tells whether the page that connects is of a listed site; programs, which name no origin, are always welcome.
fn welcome(origins: &[String], headers: &HeaderMap) -> bool {
    match headers.get(header::ORIGIN) {
        Some(origin) if !origins.is_empty() => origins
            .iter()
            .any(|listed| listed.as_bytes() == origin.as_bytes()),
        _ => true,
    }
}
