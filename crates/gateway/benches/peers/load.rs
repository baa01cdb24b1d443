//! The load: clients that send prepared bytes and count what comes back, and what the system says of a server's process.

use std::fs;
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// A message and how long the whole frame of its reply is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    text: &'static str,
    reply: usize,
}

/// 31 bytes in, 327 out.
pub(crate) const LIST: Kind = Kind {
    name: "get_assistants",
    text: r#"{"type":"get_assistants"}"#,
    reply: 327,
};

/// 118 bytes in, 286 out.
pub(crate) const QUESTION: Kind = Kind {
    name: "question",
    text: r#"{"type":"question","question":"Можно ли перенести отпуск на следующий год?"}"#,
    reply: 286,
};

const SELECT: &str = r#"{"type":"select_assistant","assistant_id":1}"#;

impl Kind {
    /// Returns the arguments of an echo of the same sizes.
    pub(crate) fn raw(self) -> Vec<String> {
        let (take, give) = (frame(self.text).len(), self.reply);
        vec!["serve-raw".to_owned(), take.to_string(), give.to_string()]
    }
}

/// Frames a text as a client does; a mask of zeros is a mask.
fn frame(text: &str) -> Vec<u8> {
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

/// One connection.
pub(crate) struct Client {
    socket: TcpStream,
    message: Vec<u8>,
    reply: usize,
}

/// Connects without a handshake.
pub(crate) async fn raw_client(address: SocketAddr, kind: Kind) -> Client {
    client(TcpStream::connect(address).await.unwrap(), kind)
}

fn client(socket: TcpStream, kind: Kind) -> Client {
    socket.set_nodelay(true).unwrap();
    Client {
        socket,
        message: frame(kind.text),
        reply: kind.reply,
    }
}

impl Client {
    /// Shakes hands and selects an assistant.
    pub(crate) async fn open(address: SocketAddr, kind: Kind) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap(), kind).await
    }

    async fn over(socket: TcpStream, kind: Kind) -> Self {
        let mut client = client(socket, kind);
        let request = "GET /ws/assistant HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        client.socket.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.socket.read_u8().await.unwrap());
        }
        assert!(
            head.starts_with(b"HTTP/1.1 101"),
            "{}",
            String::from_utf8_lossy(&head)
        );
        client.socket.write_all(&frame(SELECT)).await.unwrap();
        client.hear().await;
        client
    }

    /// Reads one frame and returns its length.
    async fn hear(&mut self) -> usize {
        let mut head = [0; 2];
        self.socket.read_exact(&mut head).await.unwrap();
        assert_eq!(head[0], 0x81, "a text is due");
        let (head, length) = match head[1] {
            126 => (4, usize::from(self.socket.read_u16().await.unwrap())),
            short => (2, usize::from(short)),
        };
        let mut rest = vec![0; length];
        self.socket.read_exact(&mut rest).await.unwrap();
        head + length
    }

    /// Sends the message and waits for its reply, `times` in a row.
    pub(crate) async fn ask(&mut self, times: usize) {
        let mut space = vec![0; self.reply];
        for _ in 0..times {
            self.socket.write_all(&self.message).await.unwrap();
            self.socket.read_exact(&mut space).await.unwrap();
        }
    }
}

/// All clients at once, each in a closed loop.
pub(crate) async fn ask(clients: &mut [Client], times: usize) {
    join_all(clients.iter_mut().map(|client| client.ask(times))).await;
}

/// Connects, selects, asks and closes, `at_once` side by side.
pub(crate) async fn cycle(address: SocketAddr, count: usize, at_once: usize) {
    let lane = async || {
        for _ in 0..count / at_once {
            let mut client = Client::open(address, QUESTION).await;
            client.ask(1).await;
            client
                .socket
                .write_all(&[0x88, 0x82, 0, 0, 0, 0, 3, 0xe8])
                .await
                .unwrap();
            // The Close that answers ours, then the end.
            let mut rest = Vec::new();
            let _ = client.socket.read_to_end(&mut rest).await;
        }
    };
    join_all((0..at_once).map(|_| lane())).await;
}

/// Returns the 99th percentile of the time to a reply, in milliseconds.
pub(crate) async fn p99(clients: &mut [Client], times: usize) -> f64 {
    let each = clients.iter_mut().map(async |client| {
        let mut took = Vec::new();
        for _ in 0..times {
            let begun = Instant::now();
            client.ask(1).await;
            took.push(begun.elapsed());
        }
        took
    });
    let mut took: Vec<Duration> = join_all(each).await.into_iter().flatten().collect();
    took.sort();
    took[took.len() * 99 / 100].as_secs_f64() * 1e3
}

/// Opens connections that ask until nothing more can be sent, and read nothing.
pub(crate) async fn stuck(address: SocketAddr, count: usize) -> Vec<Client> {
    let mut clients = Vec::new();
    for _ in 0..count {
        // A small buffer of its own: a client's system would take in megabytes of replies for it.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 << 10).unwrap();
        let mut client = Client::over(socket.connect(address).await.unwrap(), QUESTION).await;
        let many: Vec<u8> = client.message.repeat(10_000);
        let _ = tokio::time::timeout(Duration::from_millis(20), client.socket.write_all(&many)).await;
        clients.push(client);
    }
    // Until the server has noticed.
    tokio::time::sleep(Duration::from_millis(300)).await;
    clients
}

/// A server in a process of its own.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    pub(crate) fn start(arguments: &[String]) -> Self {
        let this = std::env::current_exe().unwrap();
        let mut command = Command::new("taskset");
        let pinned = std::env::var_os("PEERS_PINNED").is_some();
        if pinned {
            command.args(["-c", "0"]).arg(&this);
        } else {
            command = Command::new(&this);
        }
        let mut child = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().parse().unwrap();
        Self { child, address }
    }

    /// Returns the processor time of all its threads in microseconds, counted in nanoseconds.
    pub(crate) fn processor(&self) -> f64 {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let spent = threads.filter_map(|thread| {
            let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<f64>().ok()
        });
        spent.sum::<f64>() / 1e3
    }

    /// Returns its resident anonymous memory in bytes.
    pub(crate) fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
        let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kilobytes << 10
    }

    /// Counts the system calls of all its threads while `work` runs; nothing where they cannot be counted.
    pub(crate) async fn calls(&self, work: impl Future<Output = ()>) -> Option<u64> {
        // Counted in the kernel, which leaves the times of things as they are.
        let counter = Command::new("perf")
            .args(["stat", "-x", ";", "-e", "raw_syscalls:sys_enter", "-p"])
            .arg(self.child.id().to_string())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        work.await;
        Command::new("kill")
            .args(["-INT", &counter.id().to_string()])
            .status()
            .ok()?;
        let told = counter.wait_with_output().ok()?.stderr;
        String::from_utf8(told)
            .ok()?
            .split(';')
            .next()?
            .trim()
            .parse()
            .ok()
    }
}
