//! A client that does what it likes with its frames.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// What no honest client has to wait for, even on a machine full of other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const SHAKE: &str = "GET /ws/assistant HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// One connection.
pub(crate) struct Client {
    pub(crate) socket: BufReader<TcpStream>,
}

/// Frames a text as a client does; a mask of zeros is a mask.
pub(crate) fn frame(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x81];
    if text.len() < 126 {
        bytes.push(0x80 | text.len() as u8);
    } else {
        bytes.push(0xfe);
        bytes.extend((text.len() as u16).to_be_bytes());
    }
    bytes.extend([0; 4]);
    bytes.extend(text.as_bytes());
    bytes
}

pub(crate) fn question(text: &str) -> String {
    format!(r#"{{"type":"question","question":"{text}"}}"#)
}

pub(crate) fn select(assistant: u64) -> String {
    format!(r#"{{"type":"select_assistant","assistant_id":{assistant}}}"#)
}

pub(crate) fn answer(assistant: u64, text: &str) -> String {
    format!(r#"{{"type":"answer","message":"{assistant}: {text}"}}"#)
}

impl Client {
    /// Connects and shakes hands; the status when it is not 101.
    pub(crate) async fn connect(address: SocketAddr) -> io::Result<Result<Self, u16>> {
        Self::over(TcpStream::connect(address).await?).await
    }

    /// The same with a small buffer of the client's own, so that what it does not read stays with the server.
    pub(crate) async fn small(address: SocketAddr) -> io::Result<Result<Self, u16>> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4 << 10)?;
        Self::over(socket.connect(address).await?).await
    }

    async fn over(socket: TcpStream) -> io::Result<Result<Self, u16>> {
        socket.set_nodelay(true)?;
        let mut socket = BufReader::with_capacity(2 << 10, socket);
        socket.write_all(SHAKE.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await?);
        }
        let status = String::from_utf8_lossy(&head[9..12]).parse().unwrap();
        Ok(if status == 101 {
            Ok(Self { socket })
        } else {
            Err(status)
        })
    }

    /// Connects as an honest client, which waits for its turn and selects an assistant.
    pub(crate) async fn honest(address: SocketAddr, assistant: u64) -> Self {
        timeout(PATIENCE, async {
            let mut client = loop {
                match Self::connect(address).await {
                    Ok(Ok(client)) => break client,
                    // As the answer says when.
                    Ok(Err(429 | 503)) | Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
                    Ok(Err(status)) => panic!("refused with {status}"),
                }
            };
            client.say(&select(assistant)).await.unwrap();
            assert!(client.hear().await.unwrap().contains("success"));
            client
        })
        .await
        .expect("an honest client got no place")
    }

    pub(crate) async fn say(&mut self, text: &str) -> io::Result<()> {
        self.socket.get_mut().write_all(&frame(text)).await
    }

    /// Returns the next text; answers pings on the way; an error at a Close and at the end.
    pub(crate) async fn hear(&mut self) -> io::Result<String> {
        loop {
            let (kind, payload) = self.frame().await?;
            match kind {
                0x81 => return String::from_utf8(payload).map_err(io::Error::other),
                0x89 => self.socket.get_mut().write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await?,
                0x88 => {
                    let code = payload
                        .get(..2)
                        .map(|code| u16::from_be_bytes([code[0], code[1]]));
                    return Err(io::Error::other(format!("closed with {code:?}")));
                }
                _ => {}
            }
        }
    }

    async fn frame(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        self.socket.read_exact(&mut head).await?;
        let length = match head[1] {
            126 => usize::from(self.socket.read_u16().await?),
            127 => usize::try_from(self.socket.read_u64().await?).unwrap(),
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.socket.read_exact(&mut payload).await?;
        Ok((head[0], payload))
    }

    /// Asks and checks that what comes back is the answer to that.
    pub(crate) async fn ask(&mut self, assistant: u64, text: &str) {
        self.say(&question(text)).await.unwrap();
        let heard = timeout(PATIENCE, self.hear()).await.expect("no reply").unwrap();
        assert_eq!(heard, answer(assistant, text));
    }

    /// Waits for the other end to close, and returns whether it did in time.
    pub(crate) async fn is_closed_within(&mut self, time: Duration) -> bool {
        let rest = async {
            let mut space = [0; 1_024];
            while matches!(self.socket.read(&mut space).await, Ok(1..)) {}
        };
        timeout(time, rest).await.is_ok()
    }

    /// Ends the connection with a reset, as a crash of the client's machine does.
    pub(crate) fn reset(self) {
        let socket = self.socket.into_inner();
        socket2::SockRef::from(&socket)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
    }
}
