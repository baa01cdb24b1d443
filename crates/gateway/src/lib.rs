//! The sockets: sessions, admission, the chat page.
//!
//! Owns connections from the handshake to the Close frame and the words of errors. Leaves answering to an [`Engine`].
//!
//! Invariants: one message in, one reply out, in order; a message is read only when the one before is answered, so a
//! client that does not read stops being read; every session is waited for when the server stops.

mod admin;
mod admission;
mod allowance;
mod asset;
mod desk;
mod echo;
mod handshake;
mod linger;
mod lost;
mod metrics;
mod page;
mod peer;
mod pool;
mod recent;
mod recorder;
mod session;
mod settings;
mod socket;
mod sources;
mod stream;
mod tls;
mod words;
mod writing;

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use docent_corpus::{Answer, Assistant, AssistantId, Excerpt, Interest, Place};
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::metrics::gauge::Gauge;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use admission::{Admission, PerPrefix};
use allowance::Allowance;
use handshake::Handshake;
use linger::Lingering;
use metrics::{Metrics, Refused};
use pool::Pool;
use recorder::Recording;
use socket::Socket;

pub use desk::{
    Asking, Candidate, Change, Day, DeskSettings, DocumentState, Done, Effect, Evidence, Figures, Flaw,
    Group, Keeper, Lately, Listener, NewAnswer, NewDocument, NewLesson, OwnAnswer, OwnAnswers, Progress,
    Record as DocumentRecord, Refused as ChangeRefused, Shelf, Shelves, Standing, Step, Stretch, Trial,
    Trouble, Unread, Unwritten, Verdict, Why,
};
pub use metrics::Ended;
pub use recorder::{Cited, Counts, Record, Recorder, RequestId};
pub use settings::Settings;
pub use tls::{CertificateError, Certificates, Renewal};
pub use writing::{Asker, Part, Writing, WrittenAnswer};

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

    /// The same for somebody who may leave: gives up soon after the interest is lost, with any error.
    ///
    /// An engine whose answers take no time leaves it as it is.
    ///
    /// # Errors
    ///
    /// As [`Engine::answer`], and when it gave up.
    fn answer_while(
        &self,
        assistant: AssistantId,
        question: &str,
        interest: &Interest,
    ) -> Result<Answer, EngineError> {
        let _ = interest;
        self.answer(assistant, question)
    }

    /// Answers a question for which nothing has to be looked up, within microseconds; nothing for all others.
    ///
    /// Must not block: called on a socket's thread, before [`Engine::answer`].
    fn at_once(&self, assistant: AssistantId, question: &str) -> Option<Result<Answer, EngineError>> {
        let _ = (assistant, question);
        None
    }

    /// Begins an answer that a model has a part in; nothing for an engine, or an assistant, that answers by itself.
    ///
    /// Must not block: called on a socket's thread, before [`Engine::answer`]. The engine bounds what is under way.
    fn write(&self, assistant: AssistantId, question: &str, asker: Asker) -> Option<Writing> {
        let _ = (assistant, question, asker);
        None
    }

    /// Returns the wanted part of one of an assistant's documents; nothing when there is no such document. Blocks: called from
    /// a bounded number of threads.
    ///
    /// An engine that has no documents to show leaves it as it is.
    ///
    /// # Errors
    ///
    /// When the index cannot be read.
    fn document(
        &self,
        assistant: AssistantId,
        name: &str,
        place: Place,
    ) -> Result<Option<Excerpt>, EngineError> {
        let _ = (assistant, name, place);
        Ok(None)
    }

    /// Returns questions to begin with that the assistant answers at present. Cheap.
    fn suggestions(&self, assistant: AssistantId) -> Vec<String> {
        let _ = assistant;
        Vec::new()
    }

    /// Returns the number of the index that answers, which grows with every change. Cheap.
    fn generation(&self) -> u64;
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

pub(crate) struct Shared {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) settings: Settings,
    pub(crate) metrics: Metrics,
    /// Who keeps a record of the questions.
    pub(crate) recording: Option<Recording>,
    /// Sessions end: answers under way are finished, nothing further is read.
    pub(crate) closing: CancellationToken,
    pub(crate) pool: Arc<Pool>,
    pub(crate) list: session::List,
    /// Sessions that were told to end so far, which spreads their closes.
    pub(crate) turns: AtomicU64,
    connections: Arc<Semaphore>,
    /// Documents shown at one time: as many as answers, which share the same cores and disk.
    readers: Arc<Semaphore>,
    handshakes: Option<Mutex<Allowance>>,
    admission: Arc<Admission>,
    draining: AtomicBool,
    sessions: TaskTracker,
    /// Sessions so far: the number of the next.
    numbers: AtomicU64,
}

impl Shared {
    /// Tells why no further client should be sent here.
    pub(crate) fn unready(&self) -> Option<&'static str> {
        if self.draining.load(Ordering::Relaxed) {
            Some("stopping")
        } else if self.connections.available_permits() == 0 {
            Some("all connections are taken")
        } else if self.pool.is_full() {
            Some("the queue of questions is full")
        } else {
            None
        }
    }
}

/// The server before and while it serves.
pub struct Gateway {
    shared: Arc<Shared>,
    certificates: Option<Arc<Certificates>>,
    desk: Option<(Listener, Arc<dyn Keeper>, DeskSettings)>,
}

/// Sockets beside the WebSocket sessions: page loads and handshakes under way.
const SPARE_SOCKETS: usize = 1_024;

/// Pause after a failed accept: out of descriptors, trying at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The system's queue of connections not yet accepted: a crowd that reconnects at once.
const BACKLOG: u32 = 4_096;

/// Binds a socket with the buffers that [`serve`] wants.
///
/// # Errors
///
/// When the address is taken or not ours.
pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    listen_with(address, Settings::default().socket_buffer_bytes)
}

/// Binds a socket whose connections have buffers of `buffer` bytes, each way; at `usize::MAX` the system's own.
///
/// # Errors
///
/// When the address is taken or not ours.
pub fn listen_with(address: SocketAddr, buffer: usize) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    if let Ok(buffer) = u32::try_from(buffer) {
        socket.set_recv_buffer_size(buffer)?;
        socket.set_send_buffer_size(buffer)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// How often prefixes without connections are forgotten: their allowance is full again within a minute.
const SWEEP: Duration = Duration::from_mins(1);

impl Gateway {
    /// Makes a server that answers with `engine`.
    pub fn new(engine: Arc<dyn Engine>, settings: Settings) -> Self {
        let metrics = Metrics::new();
        let places = settings.max_connections.min(Semaphore::MAX_PERMITS);
        let shared = Shared {
            pool: Pool::new(
                engine.clone(),
                settings.max_answers,
                settings.max_waiting,
                metrics.waiting.clone(),
            ),
            list: session::List::default(),
            connections: Arc::new(Semaphore::new(places)),
            readers: Arc::new(Semaphore::new(
                settings.max_answers.clamp(1, Semaphore::MAX_PERMITS),
            )),
            handshakes: settings.handshakes_per_second.map(|rate| {
                let a_minute = rate.saturating_mul(60);
                Mutex::new(Allowance::new(rate.saturating_mul(2), a_minute, Instant::now()))
            }),
            admission: Admission::new(PerPrefix {
                connections: settings.connections_per_address,
                questions: settings.questions_per_minute_per_address,
            }),
            metrics,
            recording: None,
            closing: CancellationToken::new(),
            turns: AtomicU64::new(0),
            draining: AtomicBool::new(false),
            sessions: TaskTracker::new(),
            numbers: AtomicU64::new(0),
            engine,
            settings,
        };
        Self {
            shared: Arc::new(shared),
            certificates: None,
            desk: None,
        }
    }

    /// Keeps a record of every question. `run` tells this run of the server from others that keep the same record: it becomes
    /// part of each [`RequestId`].
    ///
    /// # Panics
    ///
    /// When the server serves already.
    #[must_use]
    pub fn recorded(mut self, recorder: Arc<dyn Recorder>, run: u32) -> Self {
        let shared = Arc::get_mut(&mut self.shared).expect("nobody shares a server that has not begun");
        shared.recording = Some(Recording { recorder, run });
        self
    }

    /// Speaks TLS to clients; the operator's listener stays as it is.
    #[must_use]
    pub fn secured(mut self, certificates: Arc<Certificates>) -> Self {
        self.certificates = Some(certificates);
        self
    }

    /// Serves until `stop` is cancelled, then drains: says that it is not ready, waits for the balancer, stops accepting,
    /// finishes answers under way and closes every connection with 1001, a few at a time.
    pub async fn serve(&self, listener: TcpListener, stop: CancellationToken) {
        let shared = &self.shared;
        let echo = if shared.settings.echo {
            Router::new().route(echo::PATH, get(echo))
        } else {
            Router::new()
        };
        let app = echo
            .route("/", get(page::html))
            .route("/widget.js", get(page::widget))
            .route("/page.css", get(page::style))
            .route("/assistants.json", get(page::assistants))
            .merge(sources::routes())
            .route("/docs", get(page::docs))
            .route("/docs.css", get(page::docs_style))
            .route("/asyncapi.yaml", get(page::asyncapi))
            .route(docent_protocol::ENDPOINT, get(upgrade))
            .route("/ws/assistant/", get(upgrade))
            .with_state(shared.clone())
            .merge(self.desk(Listener::Public))
            .fallback(lost::lost);
        let sockets = shared.settings.max_connections.saturating_add(SPARE_SOCKETS);
        let drained = async {
            stop.cancelled().await;
            shared.draining.store(true, Ordering::Relaxed);
            tokio::time::sleep(shared.settings.drain_wait).await;
        };
        let sweep = async {
            loop {
                tokio::time::sleep(SWEEP).await;
                shared.admission.sweep(Instant::now());
            }
        };
        tokio::select! {
            biased;
            () = drained => {}
            () = self.accept(&listener, app, sockets, self.certificates.as_ref()) => {}
            () = sweep => {}
        }
        drop(listener);
        shared.sessions.close();
        shared.closing.cancel();
        // Sessions see the signal; one that does not end in time is cut with the process.
        let _ = tokio::time::timeout(shared.settings.grace, shared.sessions.wait()).await;
    }

    /// Serves `/livez`, `/readyz` and `/metrics`, and the desk where it is the operator's, until `stop` is cancelled.
    pub async fn administer(&self, listener: TcpListener, stop: CancellationToken) {
        /// Monitors ask with a connection or two; beyond it somebody else found the port.
        const SOCKETS: usize = 64;
        let app = admin::router(self.shared.clone())
            .merge(self.desk(Listener::Admin))
            .fallback(lost::lost);
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = self.accept(&listener, app, SOCKETS, None) => {}
        }
    }

    /// Accepts connections for ever.
    async fn accept(
        &self,
        listener: &TcpListener,
        app: Router,
        sockets: usize,
        certificates: Option<&Arc<Certificates>>,
    ) {
        let sockets = Arc::new(Semaphore::new(sockets.min(Semaphore::MAX_PERMITS)));
        loop {
            match listener.accept().await {
                // Beyond the last place there is nothing to answer with: the client sees a closed connection.
                Ok((socket, peer)) => {
                    if let Ok(place) = sockets.clone().try_acquire_owned() {
                        let (app, shared) = (app.clone(), self.shared.clone());
                        let serving =
                            connection(socket, peer.ip(), app, shared, place, certificates.cloned());
                        self.shared.sessions.spawn(serving);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection could be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Serves until `stop` is cancelled; see [`Gateway::serve`].
pub async fn serve(
    listener: TcpListener,
    engine: Arc<dyn Engine>,
    settings: Settings,
    stop: CancellationToken,
) {
    Gateway::new(engine, settings).serve(listener, stop).await;
}

/// The other end of a socket.
#[derive(Debug, Clone, Copy)]
struct Peer(IpAddr);

/// Serves one TCP connection, until it is upgraded or ends.
async fn connection(
    socket: TcpStream,
    peer: IpAddr,
    app: Router,
    shared: Arc<Shared>,
    place: OwnedSemaphorePermit,
    certificates: Option<Arc<Certificates>>,
) {
    // Pipelined replies would wait for one another's acknowledgement; a socket that refuses is slower, not wrong.
    let _ = socket.set_nodelay(true);
    let socket = Lingering::new(socket, shared.sessions.clone());
    if let Some(certificates) = certificates {
        let agreed = tokio::time::timeout(shared.settings.header_time, certificates.accept(socket));
        tokio::select! {
            agreed = agreed => match agreed {
                Ok(Ok(secured)) => requests(secured, peer, app, &shared).await,
                // Too slow, or no TLS that we speak: there is no way to say so.
                Err(_) | Ok(Err(_)) => shared.metrics.refused(Refused::Tls),
            },
            () = shared.closing.cancelled() => {}
        }
    } else {
        requests(socket, peer, app, &shared).await;
    }
    drop(place);
}

/// Serves the requests of one connection.
async fn requests<S>(socket: S, peer: IpAddr, app: Router, shared: &Shared)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        app.clone().call(request)
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        // Its deadline is a sum that must not overflow.
        .header_read_timeout(Some(shared.settings.header_time).filter(|&time| time < LONG))
        .max_buf_size(shared.settings.max_head_bytes.max(LEAST_HEAD_BYTES))
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    tokio::pin!(serving);
    // A client that breaks off in mid-request is its own affair.
    tokio::select! {
        _ = serving.as_mut() => {}
        () = shared.closing.cancelled() => {
            serving.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(LAST_REQUEST, serving).await;
        }
    }
}

/// A time that nobody waits for.
const LONG: Duration = Duration::from_hours(24 * 365);

/// What hyper needs at least.
const LEAST_HEAD_BYTES: usize = 8 << 10;

/// How long a stopping server lets a request under way end; none of them takes long.
const LAST_REQUEST: Duration = Duration::from_secs(1);

/// What is spoken on a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Talk {
    Assistants,
    Echo,
}

async fn upgrade(shared: State<Arc<Shared>>, peer: Extension<Peer>, request: Request<Body>) -> Response {
    begin(shared, peer, request, Talk::Assistants)
}

async fn echo(shared: State<Arc<Shared>>, peer: Extension<Peer>, request: Request<Body>) -> Response {
    begin(shared, peer, request, Talk::Echo)
}

/// Lets a client in and begins its session, or refuses it.
fn begin(
    State(shared): State<Arc<Shared>>,
    Extension(Peer(peer)): Extension<Peer>,
    mut request: Request<Body>,
    talk: Talk,
) -> Response {
    let Some(handshake) = Handshake::read(&mut request) else {
        let text = "This is a WebSocket endpoint: connect with ws:// and speak JSON text messages.\n";
        return (
            StatusCode::UPGRADE_REQUIRED,
            [(header::UPGRADE, "websocket"), (header::CONNECTION, "upgrade")],
            text,
        )
            .into_response();
    };
    let headers = request.headers();
    let address = peer::client(peer, headers, &shared.settings.trusted_proxies);
    let (place, at_address) = match admit(&shared, address, headers) {
        Ok(admitted) => admitted,
        Err(reason) => {
            shared.metrics.refused(reason);
            return refusal(reason);
        }
    };
    let response = handshake.response();
    let session = session(handshake.upgraded, shared.clone(), place, at_address, talk);
    shared.sessions.spawn(session);
    response
}

/// Serves one session from the end of its handshake.
async fn session(
    upgraded: OnUpgrade,
    shared: Arc<Shared>,
    place: OwnedSemaphorePermit,
    at_address: admission::Place,
    talk: Talk,
) {
    // A client that is gone before its session begins has none.
    if let Ok(upgraded) = upgraded.await {
        let _open = Open::count(&shared.metrics.connections);
        let number = shared.numbers.fetch_add(1, Ordering::Relaxed);
        let (limit, outbound) = (
            shared.settings.max_message_bytes,
            shared.settings.max_outbound_bytes,
        );
        match talk {
            Talk::Assistants => {
                let socket = Socket::new(upgraded, limit, outbound);
                session::run(socket, &shared, at_address, number).await;
            }
            // What comes in goes out.
            Talk::Echo => echo::run(Socket::new(upgraded, limit, outbound.max(limit)), &shared).await,
        }
    }
    drop(place);
}

/// Counts one open session, however it ends.
struct Open<'a>(&'a Gauge);

impl<'a> Open<'a> {
    fn count(gauge: &'a Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Lets a client in, or says why not.
fn admit(
    shared: &Shared,
    address: IpAddr,
    headers: &HeaderMap,
) -> Result<(OwnedSemaphorePermit, admission::Place), Refused> {
    if !welcome(&shared.settings.origins, headers) {
        return Err(Refused::Origin);
    }
    if shared.draining.load(Ordering::Relaxed) && shared.settings.drain_wait.is_zero() {
        return Err(Refused::Draining);
    }
    let now = Instant::now();
    let place = shared.connections.clone().try_acquire_owned();
    let place = place.map_err(|_| Refused::Full)?;
    if let Some(handshakes) = &shared.handshakes {
        let mut handshakes = handshakes.lock().unwrap_or_else(PoisonError::into_inner);
        handshakes.take(now).map_err(|_| Refused::Rate)?;
    }
    let at_address = shared.admission.enter(address, now).ok_or(Refused::Address)?;
    Ok((place, at_address))
}

/// Words the refusal of a handshake, for whoever reads a client's log.
fn refusal(reason: Refused) -> Response {
    let later = |status: StatusCode, seconds: &'static str, text: &'static str| {
        (status, [(header::RETRY_AFTER, seconds)], text).into_response()
    };
    match reason {
        // Ends before there is a request to answer.
        Refused::Tls => StatusCode::BAD_REQUEST.into_response(),
        Refused::Origin => (
            StatusCode::FORBIDDEN,
            "Pages of this site may not connect here.\n",
        )
            .into_response(),
        Refused::Full => later(StatusCode::SERVICE_UNAVAILABLE, "5", "Too many connections.\n"),
        Refused::Draining => later(
            StatusCode::SERVICE_UNAVAILABLE,
            "1",
            "The server is stopping; connect again.\n",
        ),
        Refused::Rate => later(
            StatusCode::TOO_MANY_REQUESTS,
            "1",
            "Too many connections in a short time.\n",
        ),
        Refused::Address => later(
            StatusCode::TOO_MANY_REQUESTS,
            "30",
            "Too many connections from your address.\n",
        ),
    }
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
