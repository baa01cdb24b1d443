//! The end of a TCP connection that loses nothing of what was said.
//!
//! A socket that is closed while something unread lies in it sends a reset, and a reset takes away what the peer has not
//! read yet: the Close frame with its code. So the last word is said, and what still comes is read for a moment.

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// How long: what was under way arrives within a second on any line, and nobody holds a socket for longer by it.
const MOMENT: Duration = Duration::from_secs(1);

/// A socket that reads on for a moment when it is dropped before its peer has ended.
pub(crate) struct Lingering {
    socket: Option<TcpStream>,
    /// Whether the peer has ended, so that nothing more can come.
    ended: bool,
    /// Whether anything was said that could be lost.
    spoke: bool,
    /// Whether the peer takes in nothing more: no last word reaches it.
    stuck: bool,
    /// Waits for the moment as for a session.
    tracker: TaskTracker,
}

impl Lingering {
    pub(crate) fn new(socket: TcpStream, tracker: TaskTracker) -> Self {
        Self {
            socket: Some(socket),
            ended: false,
            spoke: false,
            stuck: false,
            tracker,
        }
    }

    /// Says that nothing more is expected of the peer.
    pub(crate) fn forgo(&mut self) {
        self.ended = true;
    }

    /// Polls the socket, which is there until it is dropped; an error is its end.
    fn with<T>(&mut self, poll: impl FnOnce(Pin<&mut TcpStream>) -> Poll<Result<T>>) -> Poll<Result<T>> {
        let Some(socket) = &mut self.socket else {
            return Poll::Ready(Err(std::io::ErrorKind::NotConnected.into()));
        };
        let polled = poll(Pin::new(socket));
        self.ended |= matches!(polled, Poll::Ready(Err(_)));
        polled
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let (Some(mut socket), Ok(runtime)) = (self.socket.take(), Handle::try_current()) else {
            return;
        };
        if self.ended || self.stuck || !self.spoke {
            return;
        }
        let rest = async move {
            let _ = socket.shutdown().await;
            let mut scrap = [0; 2 << 10];
            while matches!(socket.read(&mut scrap).await, Ok(1..)) {}
        };
        self.tracker.spawn_on(timeout(MOMENT, rest), &runtime);
    }
}

impl AsyncRead for Lingering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = buffer.remaining();
        let polled = self.with(|socket| socket.poll_read(context, buffer));
        if matches!(polled, Poll::Ready(Ok(()))) && before > 0 && buffer.remaining() == before {
            self.ended = true;
        }
        polled
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        self.spoke = true;
        let polled = self.with(|socket| socket.poll_write(context, bytes));
        self.stuck = polled.is_pending();
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.spoke = true;
        let polled = self.with(|socket| socket.poll_write_vectored(context, parts));
        self.stuck = polled.is_pending();
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.with(|socket| socket.poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.with(|socket| socket.poll_shutdown(context))
    }
}
