//! The sockets: sessions, admission, the chat page.
//!
//! Owns connections from the handshake to the Close frame and the words of errors. Leaves answering to an [`Engine`].
//!
//! Invariants: one message in, one reply out, in order; a message is read only when the one before is answered, so a
//! client that does not read stops being read; every session is waited for when the server stops.

mod page;
mod session;
mod words;

use std::error::Error;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use docent_corpus::{Answer, Assistant, AssistantId, Language};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
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

/// Serves until `stop` is cancelled, then finishes answers under way and closes every connection with 1001.
///
/// # Errors
///
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    engine: Arc<dyn Engine>,
    settings: Settings,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let sessions = TaskTracker::new();
    let grace = settings.grace;
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
    let listener = listener.tap_io(|socket| {
        // Pipelined replies would wait for one another's acknowledgement; a socket that refuses is slower, not wrong.
        let _ = socket.set_nodelay(true);
    });
    let begun = stop.clone();
    let serving = axum::serve(listener, app)
        .with_graceful_shutdown(async move { begun.cancelled().await })
        .into_future();
    let cut = async {
        stop.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    // A handshake that never ends would otherwise hold a stopping server for ever.
    tokio::select! {
        served = serving => served?,
        () = cut => {}
    }
    sessions.close();
    // Sessions see the same signal; one that does not end in time is cut with the process.
    let _ = tokio::time::timeout(grace, sessions.wait()).await;
    Ok(())
}

async fn upgrade(
    State(shared): State<Arc<Shared>>,
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
