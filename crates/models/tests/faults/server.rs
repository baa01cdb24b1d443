//! A server that does what it is told: every fault that a good one will not show on demand.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

/// One thing that the server does with a connection.
#[derive(Clone)]
pub(crate) enum Step {
    Send(Vec<u8>),
    /// The same again and again, with a pause between.
    Forever(Vec<u8>, Duration),
    /// Byte by byte.
    Drip(Vec<u8>, Duration),
    Pause(Duration),
    Hang,
    /// Breaks the connection instead of closing it.
    Reset,
}

pub(crate) fn send(text: impl AsRef<[u8]>) -> Step {
    Step::Send(text.as_ref().to_vec())
}

/// The head of an answer; what follows it ends with the connection.
pub(crate) fn head(status: u16, kind: &str) -> Step {
    send(format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n"
    ))
}

pub(crate) fn stream() -> Step {
    head(200, "text/event-stream")
}

/// A whole answer in JSON.
pub(crate) fn json(status: u16, body: &Value) -> Vec<Step> {
    vec![head(status, "application/json"), send(body.to_string())]
}

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// In small letters but for values.
    pub(crate) head: String,
    pub(crate) body: Value,
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) requests: Mutex<Vec<Request>>,
    /// Calls that came and have neither been answered to the end nor given up.
    open: AtomicUsize,
    most_open: AtomicUsize,
}

struct Open(Arc<Seen>);

impl Open {
    fn new(seen: &Arc<Seen>) -> Self {
        let open = seen.open.fetch_add(1, Ordering::SeqCst) + 1;
        seen.most_open.fetch_max(open, Ordering::SeqCst);
        Self(Arc::clone(seen))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

type Script = dyn Fn(usize, &Request) -> Vec<Step> + Send + Sync;

/// Listens until it is dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Seen>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Answers the request number n, from 0, by the steps that `script` gives for it.
    pub(crate) async fn start(script: impl Fn(usize, &Request) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self::listen(Arc::new(script), None).await
    }

    /// Does the same behind TLS.
    pub(crate) async fn with_tls(
        tls: TlsAcceptor,
        script: impl Fn(usize, &Request) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Arc::new(script), Some(tls)).await
    }

    /// Does the same to every request.
    pub(crate) async fn always(steps: Vec<Step>) -> Self {
        Self::start(move |_, _| steps.clone()).await
    }

    async fn listen(script: Arc<Script>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (host, scheme) = if tls.is_some() {
            ("localhost", "https")
        } else {
            ("127.0.0.1", "http")
        };
        let seen = Arc::new(Seen::default());
        let mut tasks = JoinSet::new();
        let counted = Arc::clone(&seen);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let Ok((socket, _)) = listener.accept().await else {
                    continue;
                };
                let (seen, script, tls) = (Arc::clone(&counted), Arc::clone(&script), tls.clone());
                connections.spawn(async move {
                    match tls {
                        None => serve(Plain(socket), &seen, &script).await,
                        Some(tls) => {
                            if let Ok(socket) = tls.accept(socket).await {
                                serve(socket, &seen, &script).await;
                            }
                        }
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Self {
            url: format!("{scheme}://{host}:{port}/v1"),
            seen,
            _tasks: tasks,
        }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.seen.requests.lock().unwrap().clone()
    }

    pub(crate) fn open(&self) -> usize {
        self.seen.open.load(Ordering::SeqCst)
    }

    pub(crate) fn most_open(&self) -> usize {
        self.seen.most_open.load(Ordering::SeqCst)
    }
}

/// A socket that can be broken.
trait Socket: AsyncRead + AsyncWrite + Unpin + Send {
    fn break_off(&self) {}
}

struct Plain(TcpStream);

impl Socket for Plain {
    fn break_off(&self) {
        // Closing with no time to linger sends a reset.
        #[allow(deprecated, reason = "zero does not block")]
        self.0.set_linger(Some(Duration::ZERO)).unwrap();
    }
}

impl Socket for tokio_rustls::server::TlsStream<TcpStream> {}

macro_rules! through {
    ($trait:ident, $($name:ident($($arg:ident: $kind:ty),*) -> $result:ty);+) => {
        impl $trait for Plain {
            $(fn $name(
                mut self: std::pin::Pin<&mut Self>,
                context: &mut std::task::Context<'_>,
                $($arg: $kind),*
            ) -> std::task::Poll<std::io::Result<$result>> {
                std::pin::Pin::new(&mut self.0).$name(context, $($arg),*)
            })+
        }
    };
}
through!(AsyncRead, poll_read(buffer: &mut tokio::io::ReadBuf<'_>) -> ());
through!(AsyncWrite, poll_write(bytes: &[u8]) -> usize; poll_flush() -> (); poll_shutdown() -> ());

async fn serve<S: Socket>(mut socket: S, seen: &Arc<Seen>, script: &Arc<Script>) {
    let Some(request) = read(&mut socket).await else {
        return;
    };
    let _open = Open::new(seen);
    let number = {
        let mut requests = seen.requests.lock().unwrap();
        requests.push(request.clone());
        requests.len() - 1
    };
    let steps = script(number, &request);
    let breaks = steps.iter().any(|step| matches!(step, Step::Reset));
    {
        let (mut reader, mut writer) = tokio::io::split(&mut socket);
        let left = async {
            // Nothing more is sent: what can be read is the end.
            let mut byte = [0];
            while matches!(reader.read(&mut byte).await, Ok(1..)) {}
        };
        tokio::select! {
            _ = play(steps, &mut writer) => {}
            () = left => return,
        }
    }
    if breaks {
        socket.break_off();
    } else {
        let _ = socket.shutdown().await;
    }
}

async fn play(steps: Vec<Step>, writer: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
    for step in steps {
        match step {
            Step::Send(bytes) => writer.write_all(&bytes).await?,
            Step::Forever(bytes, pause) => loop {
                writer.write_all(&bytes).await?;
                writer.flush().await?;
                sleep(pause).await;
            },
            Step::Drip(bytes, pause) => {
                for byte in bytes {
                    writer.write_all(&[byte]).await?;
                    sleep(pause).await;
                }
            }
            Step::Pause(pause) => {
                writer.flush().await?;
                sleep(pause).await;
            }
            Step::Hang => {
                writer.flush().await?;
                std::future::pending::<()>().await;
            }
            Step::Reset => break,
        }
    }
    writer.flush().await
}

async fn read(socket: &mut (impl AsyncRead + Unpin)) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = socket.read(&mut buffer).await.ok().filter(|&count| count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
        let length: usize = head.lines().find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        })?;
        let body = &bytes[end + 4..];
        if body.len() >= length {
            let body = serde_json::from_slice(&body[..length]).ok()?;
            return Some(Request { head, body });
        }
    }
}
