//! A connection to the server under test: messages by a library, and the bytes that no library would send.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Map, Value};
use tungstenite::client::IntoClientRequest;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message, WebSocket};

/// How long a server that should close may go on sending.
const LONGEST: Duration = Duration::from_mins(1);

/// Where the server is.
#[derive(Clone)]
pub(super) struct Target {
    authority: String,
    path: String,
    patience: Duration,
    /// Whom to believe that the server is who it says, under TLS.
    trust: Option<Arc<ClientConfig>>,
}

impl Target {
    /// Reads `ws://HOST[:PORT][/PATH]`, or `wss://` with somebody to trust.
    pub(super) fn parse(url: &str, patience: Duration, trust: Option<Arc<ClientConfig>>) -> Option<Self> {
        let scheme = if trust.is_some() { "wss://" } else { "ws://" };
        let rest = url.strip_prefix(scheme)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let path = if path.is_empty() {
            docent_protocol::ENDPOINT.to_owned()
        } else {
            format!("/{path}")
        };
        (!authority.is_empty()).then(|| Self {
            authority: authority.to_owned(),
            path,
            patience,
            trust,
        })
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    fn stream(&self) -> Result<Stream, String> {
        let port = if self.trust.is_some() { 443 } else { 80 };
        let split = self.authority.rsplit_once(':');
        let (host, with_port) = match split.filter(|(_, port)| port.parse::<u16>().is_ok()) {
            Some((host, _)) => (host, self.authority.clone()),
            None => (self.authority.as_str(), format!("{}:{port}", self.authority)),
        };
        let addresses = with_port
            .to_socket_addrs()
            .map_err(|error| format!("no such host: {error}"))?;
        let mut last = "the host has no address".to_owned();
        for address in addresses {
            match TcpStream::connect_timeout(&address, self.patience) {
                Ok(stream) => {
                    let patience = Some(self.patience);
                    stream
                        .set_read_timeout(patience)
                        .and_then(|()| stream.set_write_timeout(patience))
                        .and_then(|()| stream.set_nodelay(true))
                        .map_err(|error| error.to_string())?;
                    return self.secured(host, stream);
                }
                Err(error) => last = format!("no connection: {error}"),
            }
        }
        Err(last)
    }

    fn secured(&self, host: &str, stream: TcpStream) -> Result<Stream, String> {
        let Some(trust) = &self.trust else {
            return Ok(Stream::Plain(stream));
        };
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .map_err(|error| error.to_string())?;
        let connection = ClientConnection::new(trust.clone(), name).map_err(|error| error.to_string())?;
        Ok(Stream::Secured(Box::new(StreamOwned::new(connection, stream))))
    }

    /// Shakes hands on `path` with further headers; returns the connection and the headers of the reply.
    pub(super) fn shake(
        &self,
        path: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Result<(Link, tungstenite::handshake::client::Response), String> {
        let scheme = if self.trust.is_some() { "wss" } else { "ws" };
        let url = format!("{scheme}://{}{path}", self.authority);
        let mut request = url.into_client_request().map_err(|error| error.to_string())?;
        for (name, value) in headers {
            let value = value
                .parse()
                .map_err(|_| "a header that cannot be sent".to_owned())?;
            request.headers_mut().insert(*name, value);
        }
        let (socket, response) = tungstenite::client(request, self.stream()?)
            .map_err(|error| format!("the handshake failed: {error}"))?;
        Ok((Link { socket }, response))
    }

    /// Opens a connection.
    pub(super) fn open(&self) -> Result<Link, String> {
        Ok(self.shake(&self.path, &[])?.0)
    }

    /// Sends a bare HTTP request and returns all of the reply.
    pub(super) fn http(&self, path: &str) -> Result<String, String> {
        let mut stream = self.stream()?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.authority
        );
        let mut reply = Vec::new();
        stream
            .write_all(request.as_bytes())
            .and_then(|()| stream.flush())
            .and_then(|()| stream.read_to_end(&mut reply))
            .map_err(|error| error.to_string())?;
        Ok(String::from_utf8_lossy(&reply).into_owned())
    }
}

/// The bytes below, plain or under TLS.
enum Stream {
    Plain(TcpStream),
    Secured(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Secured(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Secured(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Secured(stream) => stream.flush(),
        }
    }
}

/// Reads whom to believe, from a file of certificates in PEM form.
pub(super) fn trust(path: &Path) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    let listed = CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())?;
    // A file of the system's holds a hundred and some; one that cannot be read costs the servers that it stands for.
    roots.add_parsable_certificates(listed.filter_map(Result::ok));
    if roots.is_empty() {
        return Err("it holds no certificate in PEM form".to_owned());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(Arc::new(
        config.with_root_certificates(roots).with_no_client_auth(),
    ))
}

/// One connection.
pub(super) struct Link {
    socket: WebSocket<Stream>,
}

impl Link {
    /// Sends a text message.
    pub(super) fn say(&mut self, text: &str) -> Result<(), String> {
        self.send(Message::text(text))
    }

    /// Sends any message.
    pub(super) fn send(&mut self, message: Message) -> Result<(), String> {
        self.socket
            .send(message)
            .map_err(|error| format!("nothing more can be sent: {error}"))
    }

    /// Sends bytes past the library.
    pub(super) fn raw(&mut self, bytes: &[u8]) -> Result<(), String> {
        let stream = self.socket.get_mut();
        stream
            .write_all(bytes)
            .and_then(|()| stream.flush())
            .map_err(|error| format!("nothing more can be sent: {error}"))
    }

    /// Waits for the next message that is no ping of the server.
    pub(super) fn next(&mut self) -> Result<Message, String> {
        loop {
            match self.socket.read() {
                Ok(Message::Ping(_)) => {}
                Ok(message) => return Ok(message),
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    return Err("nothing within the time for a reply".to_owned());
                }
                Err(error) => return Err(format!("the connection ended: {error}")),
            }
        }
    }

    /// Waits for a text message.
    pub(super) fn hear(&mut self) -> Result<String, String> {
        loop {
            match self.next()? {
                Message::Text(text) => return Ok(text.to_string()),
                Message::Pong(_) => {}
                other => return Err(format!("{other:?}")),
            }
        }
    }

    /// Sends a text message and waits for a reply that is a JSON object.
    pub(super) fn ask(&mut self, text: &str) -> Result<Reply, String> {
        self.say(text)?;
        self.reply()
    }

    /// Waits for a reply that is a JSON object.
    pub(super) fn reply(&mut self) -> Result<Reply, String> {
        let text = self.hear()?;
        match serde_json::from_str(&text) {
            Ok(Value::Object(keys)) => Ok(Reply { text, keys }),
            _ => Err(text),
        }
    }

    /// Waits for the Close frame and returns its code; none when the connection ends without one.
    pub(super) fn close_code(&mut self) -> Result<Option<u16>, String> {
        let begun = Instant::now();
        while begun.elapsed() < LONGEST {
            match self.socket.read() {
                Ok(Message::Close(frame)) => return Ok(frame.map(|frame| CloseCode::into(frame.code))),
                Ok(_) => {}
                Err(_) => return Ok(None),
            }
        }
        Err("messages for a minute and no Close".to_owned())
    }

    /// Ends the connection without a word.
    pub(super) fn drop_abruptly(self) {
        // What was not read makes the system send a reset.
        let socket = match self.socket.get_ref() {
            Stream::Plain(socket) => socket,
            Stream::Secured(secured) => &secured.sock,
        };
        let _ = socket.shutdown(std::net::Shutdown::Both);
    }
}

/// A reply as text and as an object.
pub(super) struct Reply {
    pub(super) text: String,
    pub(super) keys: Map<String, Value>,
}

impl Reply {
    /// Returns the value of `type`.
    pub(super) fn kind(&self) -> &str {
        self.keys.get("type").and_then(Value::as_str).unwrap_or("")
    }

    /// Returns the value of `message`.
    pub(super) fn message(&self) -> &str {
        self.keys.get("message").and_then(Value::as_str).unwrap_or("")
    }

    /// Checks the type and that the keys are exactly these, `type` first, compact, with Cyrillic as it is.
    pub(super) fn is(self, kind: &str, keys: &[&str]) -> Result<Self, String> {
        let mut own: Vec<&str> = self.keys.keys().map(String::as_str).collect();
        let mut wanted = [&["type"], keys].concat();
        own.sort_unstable();
        wanted.sort_unstable();
        let first = self.text.starts_with("{\"type\":\"");
        let compact = serde_json::to_string(&self.keys).is_ok_and(|text| text.len() == self.text.len());
        let plain = !self.text.contains("\\u04");
        if self.kind() == kind && own == wanted && first && compact && plain {
            Ok(self)
        } else {
            Err(self.text)
        }
    }

    /// Checks that the message holds each of these.
    pub(super) fn says(self, parts: &[&str]) -> Result<Self, String> {
        if parts.iter().all(|part| self.message().contains(part)) {
            Ok(self)
        } else {
            Err(self.text)
        }
    }
}

/// Makes one frame: its first byte, its payload, masked as a client's must be or not.
pub(super) fn frame(first: u8, payload: &[u8], masked: bool) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let bit = if masked { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..=125 => bytes.push(bit | short as u8),
        middle @ 126..=0xffff => {
            bytes.push(bit + 126);
            bytes.extend((middle as u16).to_be_bytes());
        }
        long => {
            bytes.push(bit + 127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    if masked {
        bytes.extend(MASK);
        bytes.extend(
            payload
                .iter()
                .zip(MASK.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
    } else {
        bytes.extend(payload);
    }
    bytes
}
