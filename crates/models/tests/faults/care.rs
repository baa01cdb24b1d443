//! Repetitions, other endpoints, keys, places, cancellation: what is done about a fault, and what is not.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use docent_models::{Dice, Embeddings, Endpoint, Key, ModelError, Prefixes, Purpose, Rerank, Secret, Stage};
use futures_util::future::join_all;
use rcgen::{CertifiedIssuer, KeyPair};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::server::{Request, Server, Step, head, json as answer, send, stream};
use crate::{DONE, KEY, STOP, TOKEN, ask, chat, check_hushed, endpoint, question, soon, whole, word};

/// An answer of one word, as a server streams it.
fn says(text: &str) -> Vec<Step> {
    vec![stream(), send(word(text)), send(STOP), send(DONE)]
}

fn fails(status: u16) -> Vec<Step> {
    answer(status, &json!({ "error": "no" }))
}

fn patient(url: &str, retries: u32) -> Endpoint {
    let mut endpoint = endpoint(url);
    endpoint.max_retries = retries;
    endpoint
}

#[tokio::test]
async fn what_may_pass_is_repeated_and_what_will_not_is_not() {
    let table = [
        (408, 3),
        (409, 3),
        (429, 3),
        (500, 3),
        (502, 3),
        (503, 3),
        (504, 3),
        (400, 1),
        (401, 1),
        (403, 1),
        (404, 1),
        (422, 1),
        (501, 1),
        (302, 1),
    ];
    for (status, requests) in table {
        let server = Server::start(move |n, _| if n < 2 { fails(status) } else { says("да") }).await;
        let chat = chat(vec![patient(&server.url, 2)]).with_dice(Dice::new(|| 0.1));
        let (words, error) = ask(&chat, soon()).await;
        assert_eq!(server.requests().len(), requests, "{status}");
        assert_eq!(words == "да", requests == 3, "{status}: {error:?}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_head_is_made_again() {
    let server = Server::start(|n, _| if n == 0 { vec![Step::Reset] } else { says("да") }).await;
    let (words, error) = ask(&chat(vec![patient(&server.url, 1)]), soon()).await;
    assert_eq!(words, "да", "{error:?}");
}

#[tokio::test]
async fn nothing_is_repeated_once_a_word_was_shown() {
    let broken = vec![stream(), send(word("да")), Step::Pause(TOKEN / 8), Step::Reset];
    let server = Server::always(broken).await;
    let other = Server::always(says("нет")).await;
    let chat = chat(vec![patient(&server.url, 5), endpoint(&other.url)]);
    let (words, error) = ask(&chat, soon()).await;
    assert_eq!(words, "да");
    assert!(matches!(error, Some(ModelError::EndedEarly)), "{error:?}");
    assert_eq!((server.requests().len(), other.requests().len()), (1, 0));
}

#[tokio::test]
async fn the_time_to_come_back_is_honoured_when_the_deadline_allows() {
    let busy = |seconds: &str| {
        vec![send(format!(
            "HTTP/1.1 429 X\r\nretry-after: {seconds}\r\ncontent-length: 0\r\n\r\n"
        ))]
    };
    let soon_again = busy("1");
    let server = Server::start(move |n, _| if n == 0 { soon_again.clone() } else { says("да") }).await;
    let begun = Instant::now();
    let (words, _) = ask(&chat(vec![patient(&server.url, 1)]), soon()).await;
    assert_eq!(words, "да");
    assert!(begun.elapsed() >= Duration::from_secs(1));

    let server = Server::always(busy("30")).await;
    let begun = Instant::now();
    let (_, error) = ask(&chat(vec![patient(&server.url, 1)]), soon()).await;
    assert!(
        matches!(error, Some(ModelError::Overloaded { status: 429, retry_after: Some(wait) }) if wait.as_secs() == 30),
        "{error:?}"
    );
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "nobody waits for what comes too late"
    );
}

#[tokio::test]
async fn the_next_endpoint_is_asked_when_the_first_fails_before_a_word() {
    let table = [
        vec![Step::Hang],
        vec![Step::Reset],
        fails(500),
        fails(401),
        vec![send(
            "HTTP/1.1 429 X\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n",
        )],
        vec![stream(), send("data: {\n\n")],
        vec![stream()],
        vec![head(200, "text/html"), send("<h1>")],
    ];
    for steps in table {
        let first = Server::always(steps).await;
        let second = Server::always(says("да")).await;
        let chat = chat(vec![endpoint(&first.url), endpoint(&second.url)]);
        let begun = Instant::now();
        let (words, error) = ask(&chat, soon()).await;
        assert_eq!(words, "да", "{error:?}");
        assert!(begun.elapsed() < Duration::from_secs(2));
        assert_eq!(first.requests().len(), 1);
    }
}

#[tokio::test]
async fn an_endpoint_that_keeps_failing_is_left_alone() {
    let first = Server::always(vec![stream()]).await;
    let second = Server::always(says("да")).await;
    let both = chat(vec![endpoint(&first.url), endpoint(&second.url)]);
    for _ in 0..20 {
        assert_eq!(ask(&both, soon()).await.0, "да");
    }
    // As many as the breaker lets pass in a row.
    assert_eq!((first.requests().len(), second.requests().len()), (5, 20));

    let alone = chat(vec![endpoint(&first.url)]);
    for _ in 0..5 {
        ask(&alone, soon()).await;
    }
    let (_, error) = ask(&alone, soon()).await;
    assert!(matches!(error, Some(ModelError::CircuitOpen { .. })), "{error:?}");
}

#[tokio::test]
async fn a_wrong_key_or_address_is_not_tried_twice() {
    for status in [401, 403, 404, 307] {
        let server = Server::always(fails(status)).await;
        let chat = chat(vec![patient(&server.url, 3)]);
        for _ in 0..3 {
            ask(&chat, soon()).await;
        }
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_redirect_takes_no_key_to_another_host() {
    let other = Server::always(says("да")).await;
    let to = format!(
        "HTTP/1.1 307 X\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
        other.url
    );
    let server = Server::always(vec![send(to)]).await;
    let (_, error) = ask(&chat(vec![endpoint(&server.url)]), soon()).await;
    assert!(
        matches!(error, Some(ModelError::Refused { status: 307 })),
        "{error:?}"
    );
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn the_key_goes_where_the_settings_say() {
    let server = Server::always(says("да")).await;
    let table = [
        (
            "Authorization: Bearer {key}",
            format!("authorization: Bearer {KEY}"),
        ),
        (
            "Authorization: Api-Key {key}",
            format!("authorization: Api-Key {KEY}"),
        ),
        ("api-key: {key}", format!("api-key: {KEY}")),
    ];
    let requests = || server.requests().last().unwrap().head.clone();
    for (template, expected) in table {
        let mut endpoint = endpoint(&server.url);
        endpoint.auth_header = template.to_owned();
        endpoint.headers = vec![("X-Folder-Id".to_owned(), "б1".to_owned())];
        ask(&chat(vec![endpoint]), soon()).await;
        assert!(requests().lines().any(|line| line == expected), "{}", requests());
        assert!(requests().contains("x-folder-id: б1"));
    }
    let mut open = endpoint(&server.url);
    open.key = Key::None;
    ask(&chat(vec![open]), soon()).await;
    assert!(!requests().contains("authorization"), "{}", requests());
}

#[tokio::test]
async fn a_key_that_was_refused_is_made_anew_once() {
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("count");
    let made = Key::Command {
        program: "/bin/sh".into(),
        args: vec![
            "-c".to_owned(),
            format!(
                "echo x >>{0}; echo token-$(wc -l <{0} | tr -d ' ')",
                count.display()
            ),
        ],
        lifetime: Duration::from_mins(25),
    };
    let server = Server::start(|_, request| {
        if request.head.contains("Bearer token-2") {
            says("да")
        } else {
            fails(401)
        }
    })
    .await;
    let mut endpoint = endpoint(&server.url);
    endpoint.key = made.clone();
    let chat = chat(vec![endpoint.clone()]);
    assert_eq!(ask(&chat, soon()).await.0, "да");
    assert_eq!(ask(&chat, soon()).await.0, "да");
    assert_eq!(server.requests().len(), 3);

    let deaf = Server::always(fails(401)).await;
    endpoint.base_url.clone_from(&deaf.url);
    let (_, error) = ask(&crate::chat(vec![endpoint]), soon()).await;
    assert!(
        matches!(error, Some(ModelError::Refused { status: 401 })),
        "{error:?}"
    );
    assert_eq!(deaf.requests().len(), 2, "once, not for ever");
}

#[tokio::test]
async fn a_form_that_a_server_refuses_is_given_up_for_it() {
    for status in [400, 422, 500] {
        let server = Server::start(move |_, request| {
            if request.body.get("response_format").is_some() {
                fails(status)
            } else {
                says("да")
            }
        })
        .await;
        let mut request = question();
        request.schema = Some(json!({ "type": "object" }));
        let chat = chat(vec![endpoint(&server.url)]);
        for _ in 0..2 {
            let mut reply = chat.start(&request, soon()).await.unwrap();
            assert_eq!(whole(&mut reply).await.0, "да");
        }
        let forms: Vec<bool> = server
            .requests()
            .iter()
            .map(|request| request.body.get("response_format").is_some())
            .collect();
        assert_eq!(forms, [true, false, false], "{status}");
    }
    // A server that fails either way is not thought unable of it.
    let server = Server::start(|n, _| if n < 2 { fails(500) } else { says("да") }).await;
    let mut request = question();
    request.schema = Some(json!({ "type": "object" }));
    let chat = chat(vec![endpoint(&server.url)]);
    assert!(chat.start(&request, soon()).await.is_err());
    chat.start(&request, soon()).await.unwrap();
    assert!(server.requests()[2].body.get("response_format").is_some());
}

#[tokio::test]
async fn calls_beyond_the_places_wait_up_to_their_deadline() {
    let server = Server::always(vec![
        stream(),
        send(word("да")),
        Step::Pause(TOKEN / 2),
        send(STOP),
    ])
    .await;
    let mut narrow = endpoint(&server.url);
    narrow.concurrency = 2;
    let chat = chat(vec![narrow]);
    let answers = join_all((0..6).map(|_| ask(&chat, soon()))).await;
    assert!(
        answers
            .iter()
            .all(|(words, error)| words == "да" && error.is_none()),
        "{answers:?}"
    );
    assert_eq!(server.most_open(), 2);

    let held = [
        chat.start(&question(), soon()).await.unwrap(),
        chat.start(&question(), soon()).await.unwrap(),
    ];
    let (_, error) = ask(&chat, Instant::now() + TOKEN / 4).await;
    assert!(
        matches!(error, Some(ModelError::TimedOut { stage: Stage::Place })),
        "{error:?}"
    );
    // A reply that is dropped makes room.
    drop(held);
    assert_eq!(ask(&chat, soon()).await.0, "да");
}

#[tokio::test]
async fn a_full_endpoint_gives_way_to_the_next() {
    let slow = vec![stream(), send(word("нет")), Step::Pause(TOKEN * 3), send(STOP)];
    let first = Server::always(slow).await;
    let second = Server::always(says("да")).await;
    let mut narrow = endpoint(&first.url);
    narrow.concurrency = 1;
    let chat = chat(vec![narrow, endpoint(&second.url)]);
    let held = chat.start(&question(), soon()).await.unwrap();
    assert_eq!(ask(&chat, soon()).await.0, "да");
    drop(held);
    assert_eq!((first.requests().len(), second.requests().len()), (1, 1));
}

/// Vectors for as many texts as were asked for, each told from the others by its length.
fn embeds(request: &Request, longest: usize) -> Vec<Step> {
    let texts = request.body["input"].as_array().unwrap();
    let lengths: Vec<usize> = texts
        .iter()
        .map(|text| text.as_str().unwrap().chars().count())
        .collect();
    if let Some(length) = lengths.iter().find(|&&length| length > longest) {
        let message =
            format!("input ({length} tokens) is too large to process (current batch size: {longest})");
        return answer(500, &json!({ "error": { "message": message } }));
    }
    let data: Vec<Value> = lengths
        .iter()
        .enumerate()
        .rev()
        .map(|(index, length)| json!({ "index": index, "embedding": [1, length] }))
        .collect();
    answer(200, &json!({ "data": data }))
}

#[tokio::test]
async fn a_text_that_is_too_long_is_cut_and_its_batch_is_not() {
    let server = Server::start(|_, request| embeds(request, 500)).await;
    let prefixes = Prefixes {
        query: "query: ".to_owned(),
        passage: "passage: ".to_owned(),
    };
    let embeddings = Embeddings::new(vec![endpoint(&server.url)], prefixes).unwrap();
    let mut texts: Vec<String> = (1..=100).map(|length| "ы".repeat(length)).collect();
    texts[40] = "ы".repeat(5_000);
    let vectors = embeddings.embed(&texts, Purpose::Passage, soon()).await.unwrap();
    let lengths: Vec<f32> = vectors
        .iter()
        .map(|vector| (vector[1] / vector[0]).round())
        .collect();
    for (number, length) in lengths.iter().enumerate() {
        if number == 40 {
            assert!((300.0..=500.0).contains(length), "{length}");
        } else {
            // The prefix has nine letters.
            assert!(
                (length - (number as f32 + 10.0)).abs() < 0.5,
                "{number}: {length}"
            );
        }
    }
    assert_eq!(embeddings.dimension(), Some(2));
    let requests = server.requests();
    assert!(requests.len() < 20, "{}", requests.len());
    embeddings
        .embed(&texts[..1], Purpose::Query, soon())
        .await
        .unwrap();
    assert_eq!(
        server.requests().last().unwrap().body["input"],
        json!(["query: ы"])
    );
    let nothing: [String; 0] = [];
    assert!(
        embeddings
            .embed(&nothing, Purpose::Query, soon())
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_model_that_takes_no_text_at_all_is_told() {
    let server = Server::start(|_, request| embeds(request, 0)).await;
    let embeddings = Embeddings::new(vec![endpoint(&server.url)], Prefixes::default()).unwrap();
    let texts = ["ы".repeat(5_000)];
    let error = embeddings
        .embed(&texts, Purpose::Passage, soon())
        .await
        .unwrap_err();
    assert!(matches!(error, ModelError::ContextExceeded { .. }), "{error}");
}

#[tokio::test]
async fn both_shapes_of_reranking_are_found_out() {
    let server = Server::start(|_, request| {
        let Some(texts) = request.body.get("texts").and_then(Value::as_array) else {
            return fails(422);
        };
        if texts.len() > 2 {
            // The most that such a server takes at once.
            assert!(texts.len() <= 32);
            let scores: Vec<Value> = texts
                .iter()
                .enumerate()
                .map(|(index, text)| json!({ "index": index, "score": text.as_str().unwrap().len() }))
                .collect();
            return answer(200, &json!(scores));
        }
        answer(
            200,
            &json!([{ "index": 1, "score": 2 }, { "index": 0, "score": 1 }]),
        )
    })
    .await;
    let rerank = Rerank::new(vec![endpoint(&server.url)]).unwrap();
    let documents = ["раз", "два"].map(str::to_owned);
    for _ in 0..2 {
        assert_eq!(
            rerank.score("сколько?", &documents, soon()).await.unwrap(),
            [1.0, 2.0]
        );
    }
    assert_eq!(server.requests().len(), 3, "the shape is remembered");
    assert!(rerank.score("сколько?", &[], soon()).await.unwrap().is_empty());
    let many: Vec<String> = (1..=50).map(|length| "x".repeat(length)).collect();
    let scores = rerank.score("сколько?", &many, soon()).await.unwrap();
    assert!(
        scores
            .iter()
            .enumerate()
            .all(|(n, score)| (score - n as f32 - 1.0).abs() < 0.1)
    );
}

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
async fn probes_say_what_each_endpoint_is_good_for() {
    let good = Server::always(says("да")).await;
    let bad = Server::always(fails(401)).await;
    let probes = chat(vec![endpoint(&good.url), endpoint(&bad.url)])
        .probe(soon())
        .await;
    assert!(probes[0].reachable && probes[0].error.is_none(), "{probes:?}");
    assert_eq!(probes[0].example.as_deref(), Some("да"));
    assert!(probes[0].first_token.unwrap() <= probes[0].latency);
    assert!(probes[1].reachable, "{probes:?}");
    assert!(matches!(
        probes[1].error,
        Some(ModelError::Refused { status: 401 })
    ));

    let vectors = Server::start(|_, request| embeds(request, 500)).await;
    let embeddings = Embeddings::new(vec![endpoint(&vectors.url)], Prefixes::default()).unwrap();
    assert_eq!(embeddings.probe(soon()).await[0].dimension, Some(2));

    let scores =
        json!({ "results": [{ "index": 0, "relevance_score": 0 }, { "index": 1, "relevance_score": 1 }] });
    let server = Server::always(answer(200, &scores)).await;
    let probes = Rerank::new(vec![endpoint(&server.url)])
        .unwrap()
        .probe(soon())
        .await;
    assert_eq!(probes[0].example.as_deref(), Some("Holidays last 28 days."));
}

#[tokio::test]
async fn documents_that_are_too_long_are_judged_by_their_beginnings() {
    let server = Server::start(|_, request| {
        let texts = request.body["documents"].as_array().unwrap();
        if texts
            .iter()
            .any(|text| text.as_str().unwrap().chars().count() > 500)
        {
            return answer(
                500,
                &json!({ "error": { "message": "input is too large to process" } }),
            );
        }
        let scores: Vec<Value> = (0..texts.len())
            .map(|index| json!({ "index": index, "relevance_score": texts[index].as_str().unwrap().len() }))
            .collect();
        answer(200, &json!({ "results": scores }))
    })
    .await;
    let rerank = Rerank::new(vec![endpoint(&server.url)]).unwrap();
    let documents = ["ы".repeat(3_000), "раз".to_owned()];
    let scores = rerank.score("сколько?", &documents, soon()).await.unwrap();
    assert!(scores[0] > 100.0 && (scores[1] - 6.0).abs() < 0.1, "{scores:?}");
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

/// How long a server may go on after its caller has left.
const AFTERWARDS: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_leave_at_any_moment_leave_no_call_behind() {
    let server = Server::start(|n, _| {
        let pause = Duration::from_millis(n as u64 % 7);
        let mut steps = vec![Step::Pause(pause), stream(), Step::Pause(pause)];
        steps.push(Step::Forever(word("да ").into(), Duration::from_millis(2)));
        steps
    })
    .await;
    let mut wide = endpoint(&server.url);
    wide.concurrency = 100;
    let chat = Arc::new(chat(vec![wide]));
    let mut slowest = Duration::ZERO;
    let mut words = 0;
    for round in 0..50_u64 {
        let leave = |n: u64| {
            let chat = Arc::clone(&chat);
            // Spread over the connection, the head, the first word and the stream.
            let stay = Duration::from_micros((round * 20 + n) * 7_919 % 40_000);
            async move {
                let mut heard = 0;
                let _ = timeout(stay, async {
                    let mut reply = chat.start(&question(), soon()).await.unwrap();
                    while let Some(Ok(_)) = reply.next().await {
                        heard += 1;
                    }
                })
                .await;
                heard
            }
        };
        words += join_all((0..20).map(leave)).await.into_iter().sum::<usize>();
        let left = Instant::now();
        while server.open() > 0 {
            assert!(left.elapsed() < AFTERWARDS, "{} calls go on", server.open());
            sleep(Duration::from_millis(1)).await;
        }
        slowest = slowest.max(left.elapsed());
    }
    let calls = server.requests().len();
    println!("1000 left, {calls} had asked, {words} words were heard; the last call ended {slowest:?} later");
    assert!(calls > 500 && words > 300, "{calls} {words}");
}

#[tokio::test]
async fn embeddings_and_reranking_end_with_their_callers_as_well() {
    let server = Server::always(vec![Step::Hang]).await;
    let texts = ["раз".to_owned()];
    let embeddings = Embeddings::new(vec![endpoint(&server.url)], Prefixes::default()).unwrap();
    let rerank = Rerank::new(vec![endpoint(&server.url)]).unwrap();
    let _ = timeout(TOKEN / 4, embeddings.embed(&texts, Purpose::Query, soon())).await;
    let _ = timeout(TOKEN / 4, rerank.score("сколько?", &texts, soon())).await;
    sleep(AFTERWARDS).await;
    assert_eq!((server.requests().len(), server.open()), (2, 0));
}

#[tokio::test]
async fn calls_can_be_moved_between_threads() {
    fn moved<T: Send>(work: T) -> T {
        work
    }
    let server = Server::always(says("да")).await;
    let chat = Arc::new(chat(vec![endpoint(&server.url)]));
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        let mut reply = chat.start(&question(), soon()).await.unwrap();
        whole(&mut reply).await.0
    });
    assert_eq!(tasks.join_next().await.unwrap().unwrap(), "да");
    let texts = ["раз".to_owned()];
    let embeddings = Embeddings::new(vec![endpoint(&server.url)], Prefixes::default()).unwrap();
    drop(moved(embeddings.embed(&texts, Purpose::Query, soon())));
    let rerank = Rerank::new(vec![endpoint(&server.url)]).unwrap();
    drop(moved(rerank.score("сколько?", &texts, soon())));
}

#[tokio::test]
async fn a_stream_with_any_bytes_changed_ends_in_words_or_an_error() {
    let whole = [word("раз "), word("два"), STOP.to_owned(), DONE.to_owned()]
        .concat()
        .into_bytes();
    let length = whole.len();
    let server = Server::start(move |n, _| {
        let mut bytes = whole.clone();
        // Every byte once, by one that means something to JSON, to events or to nobody.
        bytes[n % length] = b"\n\r:{}[]\"\\0x\xff\x00,"[(n * 7 + n / length) % 14];
        bytes.truncate(length - (n * 31 % length) / 8);
        vec![stream(), Step::Send(bytes)]
    })
    .await;
    let mut fine = 0;
    for _ in 0..2 * length {
        // Made anew, since one that breaks so often would be left alone.
        let (words, error) = ask(&chat(vec![endpoint(&server.url)]), soon()).await;
        fine += usize::from(error.is_none());
        if let Some(error) = error {
            let told = error.to_string();
            assert!(
                matches!(
                    error,
                    ModelError::EndedEarly | ModelError::Garbage { .. } | ModelError::TimedOut { .. }
                ),
                "{told}"
            );
        }
        assert!(words.len() < 100);
    }
    println!("{fine} of {} were usable all the same", 2 * length);
    assert!(fine < 2 * length && fine > 0);
}

#[test]
fn nothing_that_is_shown_holds_a_key_or_a_question() {
    let mut endpoint = endpoint("http://localhost:1/v1");
    endpoint.key = Key::Environment(Secret::new(KEY));
    endpoint.headers = vec![("X-Key".to_owned(), KEY.to_owned())];
    let told = format!("{endpoint:?} {:?} {:?}", question(), chat(vec![endpoint.clone()]));
    assert!(!told.contains(KEY) && !told.contains("тайный"), "{told}");
}
