//! Repetitions, other endpoints, keys, forms and places: what is done about a fault, and what is not.

use std::time::{Duration, Instant};

use docent_models::{Dice, Key, ModelError, Stage};
use futures_util::future::join_all;
use serde_json::json;

use crate::server::{Server, Step, head, send, stream};
use crate::{KEY, STOP, TOKEN, ask, chat, endpoint, fails, patient, question, says, soon, whole, word};

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
    // Nor is one whose grammar failed once.
    let server = Server::start(|n, _| if n == 1 { fails(500) } else { says("да") }).await;
    let mut request = question();
    request.schema = Some(json!({ "type": "object" }));
    let other = chat(vec![endpoint(&server.url)]);
    for _ in 0..3 {
        other.start(&request, soon()).await.unwrap();
    }
    let forms: Vec<bool> = server
        .requests()
        .iter()
        .map(|request| request.body.get("response_format").is_some())
        .collect();
    assert_eq!(forms, [true, true, false, true]);
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
