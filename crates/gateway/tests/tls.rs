//! TLS over real sockets: what is shown, what is renewed, who is cut off.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use docent_corpus::{Answer, Assistant, AssistantId, Outcome};
use docent_gateway::{
    CertificateError, Certificates, Engine, EngineError, Gateway, Renewal, Settings, listen,
};
use futures_util::{SinkExt, StreamExt};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

struct Echoing;

impl Engine for Echoing {
    fn assistants(&self) -> Arc<[Assistant]> {
        Arc::new([Assistant::new(AssistantId(1), "Один")])
    }

    fn answer(&self, _: AssistantId, question: &str) -> Result<Answer, EngineError> {
        Ok(Answer {
            text: question.to_owned(),
            outcome: Outcome::Answered,
            sources: Vec::new(),
        })
    }

    fn generation(&self) -> u64 {
        1
    }
}

/// A self-made certificate for `localhost`, as its two files have it.
fn made() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

fn put(folder: &Path, made: &CertifiedKey<KeyPair>) {
    std::fs::write(folder.join("chain.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
}

fn opened(folder: &Path) -> Result<Certificates, CertificateError> {
    Certificates::open(folder.join("chain.pem"), folder.join("key.pem"))
}

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    served: JoinSet<()>,
}

impl Server {
    fn start(settings: Settings, certificates: Arc<Certificates>) -> Self {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let gateway = Gateway::new(Arc::new(Echoing), settings).secured(certificates);
        let (mut served, stopped) = (JoinSet::new(), stop.clone());
        served.spawn(async move { gateway.serve(listener, stopped).await });
        Self {
            address,
            stop,
            served,
        }
    }

    /// Shakes hands as a client that trusts one certificate only.
    async fn secured(
        &self,
        trusted: &CertificateDer<'static>,
        protocols: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let socket = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, socket).await
    }

    async fn client(
        &self,
        trusted: &CertificateDer<'static>,
    ) -> std::io::Result<WebSocketStream<TlsStream<TcpStream>>> {
        let secured = self.secured(trusted, &["http/1.1"]).await?;
        let (mut socket, _) = tokio_tungstenite::client_async("wss://localhost/ws/assistant", secured)
            .await
            .unwrap();
        let select = r#"{"type":"select_assistant","assistant_id":1}"#;
        socket.send(Message::text(select)).await.unwrap();
        assert!(heard(&mut socket).await.contains("success"));
        Ok(socket)
    }
}

async fn heard(socket: &mut WebSocketStream<TlsStream<TcpStream>>) -> String {
    loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            return text.to_string();
        }
    }
}

async fn asked(socket: &mut WebSocketStream<TlsStream<TcpStream>>, question: &str) -> String {
    let message = format!(r#"{{"type":"question","question":"{question}"}}"#);
    socket.send(Message::text(message)).await.unwrap();
    heard(socket).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_shown_without_a_restart_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (made(), made());
    put(folder.path(), &first);
    let certificates = Arc::new(opened(folder.path()).unwrap());
    let server = Server::start(Settings::default(), certificates.clone());
    let mut before = server.client(first.cert.der()).await.unwrap();
    assert!(asked(&mut before, "раз").await.contains("раз"));
    assert!(matches!(certificates.renew(), Renewal::Unchanged));

    // Half of a new pair: somebody is at it, or made a mistake.
    std::fs::write(folder.path().join("chain.pem"), second.cert.pem()).unwrap();
    let Renewal::Kept(error) = certificates.renew() else {
        panic!("a chain without its key was taken");
    };
    assert!(matches!(error, CertificateError::Strangers { .. }), "{error}");
    assert!(matches!(certificates.renew(), Renewal::Unchanged), "told once");
    server.client(first.cert.der()).await.unwrap();

    put(folder.path(), &second);
    assert!(matches!(certificates.renew(), Renewal::Renewed));
    let mut after = server.client(second.cert.der()).await.unwrap();
    assert!(asked(&mut after, "два").await.contains("два"));
    assert!(
        server.client(first.cert.der()).await.is_err(),
        "the old one is shown"
    );
    // Whoever came before is served as ever.
    assert!(asked(&mut before, "три").await.contains("три"));

    std::fs::remove_file(folder.path().join("key.pem")).unwrap();
    assert!(matches!(
        certificates.renew(),
        Renewal::Kept(CertificateError::Unreadable { .. })
    ));
    server.client(second.cert.der()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_or_foolish_tls_handshake_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let made = made();
    put(folder.path(), &made);
    let settings = Settings {
        header_time: Duration::from_millis(200),
        ..Settings::default()
    };
    let server = Server::start(settings, Arc::new(opened(folder.path()).unwrap()));
    let begun = Instant::now();
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let mut back = Vec::new();
    // A reset is an end as well.
    let _ = silent.read_to_end(&mut back).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "held");
    assert_eq!(back, [0; 0]);
    // A head that never comes, after the handshake.
    let begun = Instant::now();
    let mut secured = server.secured(made.cert.der(), &[]).await.unwrap();
    let _ = secured.read_to_end(&mut back).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "held");
}

#[tokio::test(flavor = "multi_thread")]
async fn http_1_1_is_agreed_on_and_nothing_newer() {
    let folder = tempfile::tempdir().unwrap();
    let made = made();
    put(folder.path(), &made);
    let server = Server::start(Settings::default(), Arc::new(opened(folder.path()).unwrap()));
    let secured = server
        .secured(made.cert.der(), &["h2", "http/1.1"])
        .await
        .unwrap();
    assert_eq!(secured.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert!(server.secured(made.cert.der(), &["h2"]).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_says_goodbye_in_both_layers() {
    let folder = tempfile::tempdir().unwrap();
    let made = made();
    put(folder.path(), &made);
    let mut server = Server::start(Settings::default(), Arc::new(opened(folder.path()).unwrap()));
    let mut client = server.client(made.cert.der()).await.unwrap();
    server.stop.cancel();
    let Some(Ok(Message::Close(Some(frame)))) = client.next().await else {
        panic!("no Close frame");
    };
    assert_eq!(u16::from(frame.code), 1001);
    // Without TLS's own farewell the library reports a connection that was cut.
    while let Some(rest) = client.next().await {
        rest.unwrap();
    }
    let mut inner = client.into_inner();
    assert_eq!(inner.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    server.served.join_next().await.unwrap().unwrap();
}

#[test]
fn files_that_are_no_pair_are_told_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    let told = || opened(folder.path()).err().unwrap().to_string();
    assert!(
        told().contains("cannot read") && told().contains("chain.pem"),
        "{}",
        told()
    );
    let made = made();
    put(folder.path(), &made);
    std::fs::write(&key, "no key at all").unwrap();
    assert!(told().contains("key.pem holds no private key"), "{}", told());
    std::fs::write(
        &key,
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    )
    .unwrap();
    assert!(told().contains("key.pem is under a password"), "{}", told());
    std::fs::write(
        &key,
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    )
    .unwrap();
    assert!(
        told().contains("what is in") && told().contains("key.pem"),
        "{}",
        told()
    );
    put(folder.path(), &made);
    // The files the wrong way round.
    std::fs::write(&chain, made.signing_key.serialize_pem()).unwrap();
    assert!(told().contains("chain.pem holds no certificate"), "{}", told());
    std::fs::write(
        &chain,
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    assert!(told().contains("chain.pem"), "{}", told());
}
