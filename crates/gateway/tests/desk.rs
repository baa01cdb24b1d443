//! The desk with a canned keeper: what a real one seldom says, over plain text and TLS.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use docent_corpus::{Answer, Assistant, AssistantId, Outcome};
use docent_gateway::{
    Asking, Certificates, ChangeRefused, DeskSettings, Done, Effect, Engine, EngineError, Figures, Gateway,
    Group, Keeper, Lately, Listener, NewAnswer, NewDocument, NewLesson, OwnAnswer, OwnAnswers, Progress,
    Settings, Shelves, Standing, Step, Trial, Trouble, Unwritten, listen,
};
use rcgen::generate_simple_self_signed;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_util::sync::CancellationToken;

const TOKEN: &str = "a token of some length";

struct Canned;

impl Engine for Canned {
    fn assistants(&self) -> Arc<[Assistant]> {
        Arc::new([Assistant::new(AssistantId(1), "Один")])
    }

    fn answer(&self, _: AssistantId, _: &str) -> Result<Answer, EngineError> {
        Err(EngineError::UnknownAssistant)
    }

    fn generation(&self) -> u64 {
        1
    }
}

impl Keeper for Canned {
    fn unanswered(&self, _: Lately) -> Result<Option<Vec<Group>>, Trouble> {
        Ok(None)
    }

    fn figures(&self, _: Lately) -> Result<Option<Figures>, Trouble> {
        Ok(None)
    }

    fn curate(&self, _: NewAnswer) -> Result<Effect, Unwritten> {
        Err(Unwritten::Failed)
    }

    fn own(&self, _: AssistantId) -> Result<OwnAnswers, Trouble> {
        Ok(OwnAnswers::default())
    }

    fn revise(&self, _: OwnAnswer, _: NewAnswer) -> Result<Effect, Unwritten> {
        Err(Unwritten::Failed)
    }

    fn withdraw(&self, _: AssistantId, _: OwnAnswer) -> Result<Effect, Unwritten> {
        Err(Unwritten::Failed)
    }

    fn standing(&self, _: AssistantId, questions: &[String]) -> Result<Vec<Standing>, Trouble> {
        Ok(vec![Standing::Nothing; questions.len()])
    }

    fn teach(&self, _: NewLesson) -> Result<Effect, Unwritten> {
        Err(Unwritten::Failed)
    }

    fn shelves(&self) -> Result<Shelves, Trouble> {
        Err(Trouble::Library("/secret/place is gone".into()))
    }

    fn progress(&self) -> Progress {
        Progress::default()
    }

    fn ask(&self, _: AssistantId, question: String) -> Asking {
        Box::pin(async move {
            Ok(Trial {
                curated: None,
                answer: Answer {
                    text: question,
                    outcome: Outcome::Answered,
                    sources: Vec::new(),
                },
                why: None,
                models: vec![
                    Step::NotCompared("<b>no server</b>".to_owned()),
                    Step::OtherWords(vec!["другое".to_owned(), "слово".to_owned()]),
                    Step::Written(2),
                ],
            })
        })
    }

    fn put(&self, _: NewDocument, bytes: &mut dyn Read) -> Result<Done, ChangeRefused> {
        let mut whole = Vec::new();
        bytes
            .read_to_end(&mut whole)
            .map_err(|_| ChangeRefused::BrokenOff)?;
        Err(ChangeRefused::TooBig(whole.len() as u64))
    }

    fn delete(&self, _: AssistantId, name: &str) -> Result<Done, ChangeRefused> {
        if name == "kept" {
            return Err(ChangeRefused::ReadOnly);
        }
        Ok(Done {
            hidden: Vec::new(),
            name: name.to_owned(),
            effect: Effect::Later,
            lost: Vec::new(),
            really: None,
        })
    }
}

struct Server {
    address: SocketAddr,
    /// Cut when it is dropped.
    _served: JoinSet<()>,
}

fn start(listener: Listener, token: Option<&str>, certificates: Option<Certificates>) -> Server {
    let socket = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = socket.local_addr().unwrap();
    let desk = DeskSettings {
        token: token.map(ToOwned::to_owned),
        upload_bytes: 1 << 20,
    };
    let mut gateway =
        Gateway::new(Arc::new(Canned), Settings::default()).with_desk(listener, Arc::new(Canned), desk);
    if let Some(certificates) = certificates {
        gateway = gateway.secured(Arc::new(certificates));
    }
    let mut served = JoinSet::new();
    served.spawn(async move {
        match listener {
            Listener::Public => gateway.serve(socket, CancellationToken::new()).await,
            Listener::Admin => gateway.administer(socket, CancellationToken::new()).await,
        }
    });
    Server {
        address,
        _served: served,
    }
}

/// Sends a request over a socket and returns the reply; further headers stand below the first line of `head`.
async fn exchange(mut socket: impl AsyncRead + AsyncWrite + Unpin, head: &str, body: &str) -> String {
    let (line, headers) = head.split_once("\r\n").unwrap_or((head, "Accept: */*"));
    let request = format!(
        "{line} HTTP/1.1\r\n{headers}\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), socket.read_to_end(&mut reply)).await;
    // A peer that ends TLS without saying so has said all.
    let _ = read.unwrap();
    String::from_utf8(reply).unwrap()
}

async fn send(server: &Server, head: &str, body: &str) -> String {
    exchange(TcpStream::connect(server.address).await.unwrap(), head, body).await
}

/// Returns the cookie that a reply sets, and the proof in its page.
fn session(reply: &str) -> (String, String) {
    let cookie = reply
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .unwrap();
    let proof = reply.split_once("name=\"proof\" value=\"").unwrap().1;
    (
        cookie.split(';').next().unwrap().to_owned(),
        proof.split('"').next().unwrap().to_owned(),
    )
}

/// Returns where a page leads in another language, without what stands for `&` there.
fn switches(page: &str) -> Vec<String> {
    let (_, languages) = page.split_once("class=\"languages\"").unwrap();
    let (languages, _) = languages.split_once("</nav>").unwrap();
    let links = languages.split("href=\"").skip(1);
    links
        .map(|link| link.split('"').next().unwrap().replace("&amp;", "&"))
        .collect()
}

#[tokio::test]
async fn another_language_keeps_what_the_address_says_and_leads_nowhere_that_is_not() {
    let server = start(Listener::Admin, None, None);
    let (cookie, proof) = session(&send(&server, "GET /desk/try", "").await);
    let kept = [
        ("try?assistant=1&lang=en", "?assistant=1&lang=kk"),
        (
            "upload?assistant=1&document=a+%26b.txt",
            "?assistant=1&document=a+%26b.txt&lang=kk",
        ),
        ("charts?assistant=all&days=7", "?assistant=all&days=7&lang=kk"),
        ("unanswered?assistant=1&days=90", "?assistant=1&days=90&lang=kk"),
        ("nothing", "?lang=kk"),
    ];
    for (path, link) in kept {
        let page = send(&server, &format!("GET /desk/{path}\r\nCookie: {cookie}"), "").await;
        assert_eq!(switches(&page)[1], link, "{path}");
    }
    // What a form made is asked for again with what stands in the form.
    let form = format!("proof={proof}&assistant=1&question=a&document=b");
    let page = send(&server, &format!("POST /desk/try\r\nCookie: {cookie}"), &form).await;
    assert!(page.contains("form=\"ask\" formaction=\"try?lang=kk\""), "{page}");
    let again = send(
        &server,
        &format!("POST /desk/try?lang=en\r\nCookie: {cookie}"),
        &form,
    )
    .await;
    assert!(
        again.contains("lang=\"en\"") && again.contains(">\na</textarea>"),
        "{again}"
    );
    // What has no address of its own leads to a page that has one.
    for path in ["curate", "teach", "draft", "redraft"] {
        let reply = send(
            &server,
            &format!("GET /desk/{path}?lang=kk\r\nCookie: {cookie}"),
            "",
        )
        .await;
        assert!(reply.starts_with("HTTP/1.1 303"), "{path}: {reply}");
    }
    let refused = send(
        &server,
        &format!("POST /desk/delete\r\nCookie: {cookie}"),
        "proof=x",
    )
    .await;
    assert_eq!(switches(&refused)[1], "./?lang=kk");
}

#[tokio::test]
async fn what_is_not_here_is_told_in_three_languages() {
    let server = start(Listener::Admin, None, None);
    let plain = send(&server, "GET /nowhere", "").await;
    assert!(plain.starts_with("HTTP/1.1 404"), "{plain}");
    for told in [
        "Такой страницы здесь нет",
        "Мұнда ондай бет жоқ",
        "There is no such page",
    ] {
        assert!(plain.contains(told), "{told}: {plain}");
    }
    let page = send(&server, "GET /nowhere\r\nAccept: text/html", "").await;
    assert!(page.contains("<section lang=\"kk\">"), "{page}");
}

#[tokio::test]
async fn what_models_did_is_told_as_text() {
    let server = start(Listener::Admin, None, None);
    let (cookie, proof) = session(&send(&server, "GET /desk/try", "").await);
    let body = format!("proof={proof}&assistant=1&question=a%3Cb%3E");
    let page = send(&server, &format!("POST /desk/try\r\nCookie: {cookie}"), &body).await;
    for told in [
        "a&lt;b&gt;",
        "порядок прежний: &lt;b&gt;no server",
        "другое / слово",
        "убраны предложения: 2.",
        "ничего не искали",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
}

#[tokio::test]
async fn a_library_that_may_only_be_read_says_so_and_a_failure_tells_no_path() {
    let server = start(Listener::Admin, None, None);
    let (cookie, proof) = session(&send(&server, "GET /desk/try", "").await);
    let delete = async |name: &str| {
        let body = format!("proof={proof}&assistant=1&document={name}");
        let reply = send(&server, &format!("POST /desk/delete\r\nCookie: {cookie}"), &body).await;
        assert!(reply.starts_with("HTTP/1.1 303"), "{reply}");
        send(&server, &format!("GET /desk/try\r\nCookie: {cookie}"), "").await
    };
    assert!(
        delete("kept")
            .await
            .contains("Папку документов можно только читать")
    );
    assert!(delete("a.txt").await.contains("a.txt: удалён из папки"));
    let page = send(&server, &format!("GET /desk/\r\nCookie: {cookie}"), "").await;
    assert!(
        page.starts_with("HTTP/1.1 500") && page.contains("Сервер не смог показать"),
        "{page}"
    );
    assert!(!page.contains("secret"), "{page}");
}

#[tokio::test]
async fn an_upload_arrives_as_it_was_sent_in_however_many_pieces() {
    let server = start(Listener::Admin, None, None);
    let (cookie, proof) = session(&send(&server, "GET /desk/upload?assistant=1", "").await);
    let mut body = String::new();
    for (name, value) in [
        ("name=\"proof\"", proof.as_str()),
        ("name=\"assistant\"", "1"),
        ("name=\"file\"; filename=\"a\"", &"x".repeat(700 << 10)),
    ] {
        let _ = write!(
            body,
            "--b\r\nContent-Disposition: form-data; {name}\r\n\r\n{value}\r\n"
        );
    }
    body.push_str("--b--\r\n");
    let head =
        format!("POST /desk/upload\r\nCookie: {cookie}\r\nContent-Type: multipart/form-data; boundary=b");
    assert!(send(&server, &head, &body).await.starts_with("HTTP/1.1 303"));
    let page = send(&server, &format!("GET /desk/try\r\nCookie: {cookie}"), "").await;
    assert!(page.contains("больше допустимого: 700\u{a0}КБ"), "{page}");
    // Without the file, and with its proof behind it: nothing is taken.
    let bare = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n--b--\r\n";
    assert!(send(&server, &head, bare).await.starts_with("HTTP/1.1 403"));
    assert!(
        send(&server, &head, "--b--\r\n")
            .await
            .starts_with("HTTP/1.1 303")
    );
}

#[tokio::test]
async fn under_tls_the_cookie_is_for_tls_only() {
    let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("chain.pem"), made.cert.pem()).unwrap();
    std::fs::write(at("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let certificates = Certificates::open(at("chain.pem"), at("key.pem")).unwrap();
    let server = start(Listener::Public, Some(TOKEN), Some(certificates));
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let socket = TcpStream::connect(server.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let socket = connector.connect(name, socket).await.unwrap();
    let token = format!("token={}", TOKEN.replace(' ', "+"));
    let reply = exchange(socket, "POST /desk/sign-in", &token).await;
    assert!(reply.contains("; Secure\r\n"), "{reply}");

    let plain = start(Listener::Public, Some(TOKEN), None);
    let reply = send(&plain, "POST /desk/sign-in", &token).await;
    assert!(reply.contains("SameSite=Strict\r\n"), "{reply}");
    // A proxy that speaks TLS leaves the browser's word for it.
    let behind = "POST /desk/sign-in\r\nSec-Fetch-Site: same-origin\r\nOrigin: https://docs.example";
    assert!(send(&plain, behind, &token).await.contains("; Secure\r\n"));
}
