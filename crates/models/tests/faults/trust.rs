//! Settings, certificates, proxies and the log: who is trusted, and what is never shown.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use docent_models::{Dice, Endpoint, Key, ModelError, Secret, Stage};
use rcgen::{CertifiedIssuer, KeyPair};
use serde_json::json;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::server::{Server, Step, json as answer, send, stream};
use crate::{KEY, TOKEN, ask, chat, check_hushed, endpoint, patient, question, says, soon, word};

#[tokio::test]
async fn settings_that_cannot_work_are_told_without_their_secrets() {
    let with = |change: fn(&mut Endpoint)| {
        let mut endpoint = endpoint("https://models.example/v1");
        change(&mut endpoint);
        endpoint
    };
    let table: [(Endpoint, &str); 10] = [
        (
            with(|e| e.base_url = "models".to_owned()),
            "an address that is none",
        ),
        (
            with(|e| e.base_url = "ftp://models.example".to_owned()),
            "http:// or https://",
        ),
        (
            with(|e| e.base_url = format!("https://me:{KEY}@models.example/v1")),
            "a password",
        ),
        (
            with(|e| e.base_url = format!("https://models.example/v1?key={KEY}")),
            "a question mark",
        ),
        (
            with(|e| e.auth_header = format!("Authorization {KEY}")),
            "the header for the key",
        ),
        (
            with(|e| e.headers = vec![("X Y".to_owned(), KEY.to_owned())]),
            "«X Y» is no header",
        ),
        (
            with(|e| e.headers = vec![("X".to_owned(), format!("{KEY}\n"))]),
            "cannot be sent",
        ),
        (with(|e| e.key = Key::Environment(Secret::new(" "))), "is empty"),
        (
            with(|e| e.key = Key::Text(Secret::new("two words"))),
            "more than one word",
        ),
        (with(|e| e.ca_file = Some("no/such.pem".into())), "no/such.pem"),
    ];
    for (endpoint, expected) in table {
        let error = docent_models::Chat::new(vec![endpoint]).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        check_hushed(&error);
    }
    assert!(docent_models::Chat::new(Vec::new()).is_err());
}

#[tokio::test]
async fn a_server_is_trusted_by_the_operators_certificate_alone() {
    let issuer_key = KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(parameters, issuer_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), issuer.pem()).unwrap();
    let settings = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let tls = TlsAcceptor::from(Arc::new(settings));
    let server = Server::with_tls(tls, |_, _| says("да")).await;

    let mut endpoint = endpoint(&server.url);
    endpoint.ca_file = Some(file.path().to_owned());
    let (words, error) = ask(&chat(vec![endpoint.clone()]), soon()).await;
    assert_eq!(words, "да", "{error:?}");

    // Another certificate of the operator's, so that the client can be made where the system has none.
    let stranger = rcgen::generate_simple_self_signed(vec!["elsewhere".to_owned()]).unwrap();
    std::fs::write(file.path(), stranger.cert.pem()).unwrap();
    let (_, error) = ask(&chat(vec![endpoint]), soon()).await;
    let mut told = String::new();
    let mut cause = error.as_ref().map(|error| error as &dyn std::error::Error);
    while let Some(error) = cause {
        write!(told, "{error}: ").unwrap();
        cause = error.source();
    }
    assert!(told.contains("certificate"), "{told}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_handshake_that_hangs_ends_with_the_time_for_connecting() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), authority.cert.pem()).unwrap();
    let mut endpoint = endpoint(&format!("https://{}/v1", listener.local_addr().unwrap()));
    endpoint.ca_file = Some(file.path().to_owned());
    endpoint.connect_timeout = TOKEN / 4;
    let (_, error) = ask(&chat(vec![endpoint]), soon()).await;
    assert!(
        matches!(
            error,
            Some(ModelError::TimedOut {
                stage: Stage::Connect
            })
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_proxy_of_the_settings_is_used() {
    let proxy = Server::always(says("да")).await;
    let mut endpoint = endpoint("http://models.example/v1");
    endpoint.proxy = Some(proxy.url.clone());
    assert_eq!(ask(&chat(vec![endpoint]), soon()).await.0, "да");
    let head = &proxy.requests()[0].head;
    assert!(
        head.starts_with("POST http://models.example/v1/chat/completions "),
        "{head}"
    );
}

#[tokio::test]
async fn limits_beyond_all_counting_are_no_danger() {
    let server = Server::always(says("да")).await;
    let mut endpoint = endpoint(&server.url);
    for limit in [
        &mut endpoint.connect_timeout,
        &mut endpoint.first_token_timeout,
        &mut endpoint.idle_timeout,
        &mut endpoint.total_timeout,
    ] {
        *limit = Duration::MAX;
    }
    endpoint.concurrency = usize::MAX;
    endpoint.key = Key::Command {
        program: "/bin/echo".into(),
        args: vec!["token".to_owned()],
        lifetime: Duration::MAX,
    };
    let (words, error) = ask(&chat(vec![endpoint.clone()]), soon()).await;
    assert_eq!(words, "да", "{error:?}");
    endpoint.concurrency = 0;
    assert_eq!(ask(&chat(vec![endpoint]), soon()).await.0, "да");
}

/// What a log writes, at its most talkative.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_tells_of_endpoints_left_alone_and_holds_no_key_and_no_question() {
    let log = Log::default();
    let to = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || to.clone())
        .finish();
    // Tests of this runtime have one thread, so nothing of the others is written.
    let held = tracing::subscriber::set_default(subscriber);
    let echo = json!({ "error": { "message": crate::QUESTION, "code": KEY, "type": KEY } });
    let broken = vec![
        stream(),
        send(word("тайный")),
        Step::Pause(TOKEN / 8),
        Step::Reset,
    ];
    let mut urls = Vec::new();
    for steps in [answer(401, &echo), answer(500, &echo), answer(404, &echo), broken] {
        let server = Server::always(steps).await;
        let chat = chat(vec![patient(&server.url, 1)]).with_dice(Dice::new(|| 0.0));
        for _ in 0..6 {
            ask(&chat, soon()).await;
        }
        urls.push(server.url.clone());
    }
    drop(held);
    let told = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for url in urls {
        let name = url
            .trim_start_matches("http://")
            .trim_end_matches("/v1")
            .to_owned();
        let warned = told
            .lines()
            .filter(|line| line.contains("WARN") && line.contains(&name));
        assert_eq!(warned.count(), 1, "{name}: {told}");
    }
    for secret in [KEY, crate::QUESTION, "тайный"] {
        assert!(!told.contains(secret), "{told}");
    }
}

#[test]
fn nothing_that_is_shown_holds_a_key_or_a_question() {
    let mut endpoint = endpoint("http://localhost:1/v1");
    endpoint.key = Key::Environment(Secret::new(KEY));
    endpoint.headers = vec![("X-Key".to_owned(), KEY.to_owned())];
    let told = format!("{endpoint:?} {:?} {:?}", question(), chat(vec![endpoint.clone()]));
    assert!(!told.contains(KEY) && !told.contains("тайный"), "{told}");
}
