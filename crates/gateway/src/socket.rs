//! The WebSocket of one session: tungstenite's state machine over the bare socket.
//!
//! Owns how bytes come and go: one read of the system takes in what is there, the library is handed whole frames of it, and
//! what a large message made the library hold is given back once it is answered. Leaves frames to the library.
//!
//! Invariant: an idle session holds no bytes of the wire and no buffer larger than [`SMALL`].

use std::future::poll_fn;
use std::io::{self, Cursor, ErrorKind, Read, Write};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message};

use crate::linger::Lingering;

/// What the library may hold for an idle session, each way: an ordinary question, a list of assistants.
const SMALL: usize = 512;

/// Taken in by one read, on the stack: a question of 4,000 Cyrillic characters fits.
const AT_ONCE: usize = 8 << 10;

/// Beside the longest reply a pong and the head of a frame may wait to be sent.
const BESIDE: usize = 1 << 10;

/// What the frames go over.
enum Io {
    /// The socket itself.
    Plain(Lingering),
    /// Whatever else was upgraded, such as TLS.
    Other(Box<TokioIo<Upgraded>>),
}

/// The server's end of one WebSocket.
pub(crate) struct Socket {
    io: Io,
    library: WebSocketContext,
    /// Bytes read that the library has not been handed.
    input: Vec<u8>,
    /// How many of them it has.
    handed: usize,
    /// Bytes of the present frame that it still gets.
    due: u64,
    /// Whether a message of several frames is under way.
    fragments: bool,
    /// Whether the library holds more than [`SMALL`].
    large: bool,
    limit: usize,
    outbound: usize,
}

fn library(limit: usize, outbound: usize) -> WebSocketContext {
    let config = WebSocketConfig::default()
        // Taken at once for every connection; longer frames get what they need when their head arrives.
        .read_buffer_size(SMALL / 2)
        .write_buffer_size(0)
        .max_write_buffer_size(outbound.saturating_add(BESIDE))
        .max_message_size(Some(limit))
        .max_frame_size(Some(limit));
    WebSocketContext::new(Role::Server, Some(config))
}

impl Socket {
    /// Takes over a connection after its handshake; messages are at most `limit` bytes long, what waits for a client
    /// that does not read at most `outbound`.
    pub(crate) fn new(upgraded: Upgraded, limit: usize, outbound: usize) -> Self {
        // Without hyper in between: its buffers go, and each read is one call.
        let (io, input) = match upgraded.downcast::<TokioIo<Lingering>>() {
            Ok(parts) => (Io::Plain(parts.io.into_inner()), parts.read_buf.to_vec()),
            Err(upgraded) => (Io::Other(Box::new(TokioIo::new(upgraded))), Vec::new()),
        };
        Self {
            io,
            library: library(limit, outbound),
            input,
            handed: 0,
            due: 0,
            fragments: false,
            large: false,
            limit,
            outbound,
        }
    }

    /// Says that the client was waited for long enough.
    pub(crate) fn forgo(&mut self) {
        if let Io::Plain(socket) = &mut self.io {
            socket.forgo();
        }
    }

    /// Returns the next message, nothing after the last. Pings are answered on the way.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when this is dropped.
    pub(crate) async fn next(&mut self) -> Option<Result<Message, Error>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, Error>>> {
        match self.with(cx, |library, wire| library.read(wire)) {
            Ok(message) => Poll::Ready(Some(Ok(message))),
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
            Err(Error::ConnectionClosed | Error::AlreadyClosed) => {
                // Both have said goodbye, and nothing may follow a client's Close.
                if self.input.is_empty() {
                    self.forgo();
                }
                Poll::Ready(None)
            }
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }

    /// Sends a message and waits until the system has all of it.
    pub(crate) async fn send(&mut self, message: Message) -> Result<(), Error> {
        self.large |= message.len() > SMALL;
        let mut message = Some(message);
        poll_fn(|cx| {
            if let Some(message) = message.take() {
                match self.with(cx, |library, wire| library.write(wire, message)) {
                    // The library keeps what does not fit.
                    Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Poll::Ready(Err(error)),
                    Ok(()) => {}
                }
            }
            let flushed = ready!(self.poll_flush(cx));
            Poll::Ready(flushed)
        })
        .await?;
        self.shrink();
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.with(cx, |library, wire| library.flush(wire)) {
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
            // The Close that answers the client's was the last there was to send.
            Err(Error::ConnectionClosed) | Ok(()) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Gives back what large messages took, at a moment when the library has nothing half done: all is sent, and what it
    /// was handed were whole messages.
    fn shrink(&mut self) {
        let idle = self.due == 0 && !self.fragments;
        if self.large && idle && self.library.can_read() && self.library.can_write() {
            self.library = library(self.limit, self.outbound);
            self.large = false;
        }
    }

    fn with<T>(
        &mut self,
        cx: &mut Context<'_>,
        act: impl FnOnce(&mut WebSocketContext, &mut Wire<'_, '_>) -> T,
    ) -> T {
        let mut wire = Wire {
            io: &mut self.io,
            input: &mut self.input,
            handed: &mut self.handed,
            due: &mut self.due,
            fragments: &mut self.fragments,
            large: &mut self.large,
            cx,
        };
        act(&mut self.library, &mut wire)
    }
}

/// The socket as the library sees it during one call.
struct Wire<'a, 'b> {
    io: &'a mut Io,
    input: &'a mut Vec<u8>,
    handed: &'a mut usize,
    due: &'a mut u64,
    fragments: &'a mut bool,
    large: &'a mut bool,
    cx: &'a mut Context<'b>,
}

impl Wire<'_, '_> {
    /// Tells how far the frame at the front of `bytes` goes, if its head is there.
    fn look_ahead(&mut self, bytes: &[u8]) {
        let mut front = Cursor::new(bytes);
        match FrameHeader::parse(&mut front) {
            Ok(None) => {}
            Ok(Some((header, length))) => {
                *self.due = front.position().saturating_add(length);
                *self.large |= *self.due > SMALL as u64;
                if matches!(
                    header.opcode,
                    OpCode::Data(Data::Text | Data::Binary | Data::Continue)
                ) {
                    *self.fragments = !header.is_final;
                }
            }
            // The library says what is wrong with it.
            Err(_) => *self.due = u64::MAX,
        }
    }

    /// Hands over what may be handed over of the front of `bytes`, and returns how much that is.
    fn hand(&mut self, bytes: &[u8], space: &mut [u8]) -> usize {
        if *self.due == 0 {
            self.look_ahead(bytes);
        }
        let due = usize::try_from(*self.due).unwrap_or(usize::MAX);
        let length = bytes.len().min(due).min(space.len());
        space[..length].copy_from_slice(&bytes[..length]);
        *self.due -= length as u64;
        length
    }
}

impl Read for Wire<'_, '_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if !self.input.is_empty() {
            let input = std::mem::take(self.input);
            let length = self.hand(&input[*self.handed..], space);
            *self.handed += length;
            if *self.handed < input.len() {
                *self.input = input;
            } else {
                *self.handed = 0;
            }
            if length > 0 {
                return Ok(length);
            }
        }
        loop {
            let mut fresh = [MaybeUninit::uninit(); AT_ONCE];
            let mut fresh = ReadBuf::uninit(&mut fresh);
            let read = match self.io {
                Io::Plain(socket) => Pin::new(socket).poll_read(self.cx, &mut fresh),
                Io::Other(socket) => Pin::new(socket).poll_read(self.cx, &mut fresh),
            };
            match read {
                Poll::Pending => return Err(ErrorKind::WouldBlock.into()),
                Poll::Ready(read) => read?,
            }
            let fresh = fresh.filled();
            if fresh.is_empty() {
                return Ok(0);
            }
            // A whole frame, as nearly all are, goes straight through.
            let length = if self.input.is_empty() {
                let length = self.hand(fresh, space);
                self.input.extend_from_slice(&fresh[length..]);
                length
            } else {
                // The head of a frame has come in pieces.
                self.input.drain(..*self.handed);
                self.input.extend_from_slice(fresh);
                let input = std::mem::take(self.input);
                let length = self.hand(&input, space);
                self.input.extend_from_slice(&input[length..]);
                length
            };
            *self.handed = 0;
            if length > 0 {
                return Ok(length);
            }
        }
    }
}

impl Write for Wire<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match self.io {
            Io::Plain(socket) => Pin::new(socket).poll_write(self.cx, bytes),
            Io::Other(socket) => Pin::new(socket).poll_write(self.cx, bytes),
        };
        match written {
            Poll::Ready(written) => written,
            Poll::Pending => Err(ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = match self.io {
            // A socket has nothing to flush.
            Io::Plain(_) => return Ok(()),
            Io::Other(socket) => Pin::new(socket).poll_flush(self.cx),
        };
        match flushed {
            Poll::Ready(flushed) => flushed,
            Poll::Pending => Err(ErrorKind::WouldBlock.into()),
        }
    }
}
