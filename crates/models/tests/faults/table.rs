//! Every fault ends in its own error, within the deadline.

use std::time::{Duration, Instant};

use docent_models::{Embeddings, ModelError, Prefixes, Purpose, Rerank};
use serde_json::{Value, json};

use crate::server::{Server, Step, head, json as answer, send, stream};
use crate::{DEADLINE, DONE, STOP, ask, chat, check_hushed, endpoint, soon, word};

const AT_ONCE: Duration = Duration::ZERO;
const DRIP: Duration = Duration::from_millis(30);
/// What an error may take beyond the limit that it reports, on a machine that does other things.
const SLACK: Duration = Duration::from_millis(1_500);

fn told(error: Option<&ModelError>) -> String {
    error.map_or_else(|| "fine".to_owned(), ToString::to_string)
}

/// Faults of a chat, the words that arrive before them and what is said of them.
#[allow(clippy::too_many_lines, reason = "a table")]
fn chats() -> Vec<(&'static str, Vec<Step>, &'static str, &'static str)> {
    let first = "timed out before the first token";
    let early = "the answer ended early";
    let unreachable = "the server cannot be reached";
    let mut big = b"data: {\"choices\":[{\"delta\":{\"content\":\"".to_vec();
    big.resize(10 << 20, b'x');
    let thought = "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\",\"content\":null}}]}\n\n";
    let redirect = "HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:1/v1\r\ncontent-length: 0\r\n\r\n";
    let limited = "HTTP/1.1 429 X\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n";
    let cut = "HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\ncontent-length: 100000\r\n\r\n";
    let echo = json!({ "error": { "message": crate::QUESTION, "code": crate::KEY } });
    let long = json!({ "error": {
        "type": "exceed_context_size_error", "message": "exceeds", "n_prompt_tokens": 905, "n_ctx": 512
    } });
    vec![
        ("hangs before the head", vec![Step::Hang], "", first),
        ("hangs after the head", vec![stream(), Step::Hang], "", first),
        (
            "drips the head",
            vec![Step::Drip(vec![b'H'; 400], DRIP)],
            "",
            first,
        ),
        (
            "drips an event",
            vec![stream(), Step::Drip(word("да").repeat(20).into(), DRIP)],
            "",
            first,
        ),
        (
            "only keeps alive",
            vec![stream(), Step::Forever(b": wait\n\n".to_vec(), DRIP)],
            "",
            first,
        ),
        (
            "hangs in mid-stream",
            vec![stream(), send(word("да")), Step::Hang],
            "да",
            "timed out between two tokens",
        ),
        (
            "drips in mid-stream",
            vec![stream(), send(word("да")), Step::Drip(vec![b'x'; 400], DRIP)],
            "да",
            "timed out between two tokens",
        ),
        (
            "goes on and on slowly",
            vec![stream(), Step::Forever(word("").into(), DRIP)],
            "",
            first,
        ),
        (
            "thinks and thinks",
            vec![stream(), Step::Forever(thought.into(), DRIP)],
            "",
            "timed out before the whole answer was there",
        ),
        (
            "goes on and on",
            vec![stream(), Step::Forever(vec![b'\n'; 64 << 10], AT_ONCE)],
            "",
            "the answer is longer than 1114112 bytes",
        ),
        (
            "a token of 10 MB",
            vec![stream(), Step::Send(big)],
            "",
            "the answer is longer than 262144 bytes",
        ),
        ("closes without a word", vec![], "", unreachable),
        ("resets before the head", vec![Step::Reset], "", unreachable),
        (
            "speaks another protocol",
            vec![send("220 ready\r\n")],
            "",
            unreachable,
        ),
        (
            "resets in mid-stream",
            vec![stream(), send(word("да")), Step::Pause(DRIP), Step::Reset],
            "да",
            early,
        ),
        (
            "closes in mid-stream",
            vec![stream(), send(word("да"))],
            "да",
            early,
        ),
        (
            "closes before its length",
            vec![send(cut), send(word("да"))],
            "да",
            early,
        ),
        (
            "half an event",
            vec![stream(), send(word("да")), send("data: {\"choi")],
            "да",
            early,
        ),
        ("nothing at all", vec![stream()], "", early),
        (
            "no JSON",
            vec![stream(), send("data: {\"choi\n\n"), Step::Hang],
            "",
            "the answer makes no sense: an event is not JSON",
        ),
        (
            "no UTF-8",
            vec![stream(), send(b"data: {\"\xff\"}\n\n"), Step::Hang],
            "",
            "the answer makes no sense: it is not UTF-8",
        ),
        (
            "no text",
            vec![
                stream(),
                send("data: {\"choices\":[{\"delta\":{\"content\":7}}]}\n\n"),
            ],
            "",
            "the answer makes no sense: what the model wrote is not text",
        ),
        (
            "no choices",
            vec![stream(), send("data: {\"choices\":[]}\n\n"), send(DONE)],
            "",
            "the answer makes no sense: it holds no words and no reason for that",
        ),
        (
            "a page",
            vec![head(200, "text/html"), send("<h1>Welcome</h1>")],
            "",
            "the answer makes no sense: it is not a stream of events",
        ),
        (
            "an error in the stream",
            vec![
                stream(),
                send(word("да")),
                send("data: {\"error\":{\"code\":503}}\n\n"),
            ],
            "да",
            "the server is overloaded or out of order (status 503)",
        ),
        (
            "500 with an echo",
            answer(500, &echo),
            "",
            "the server is overloaded or out of order (status 500)",
        ),
        (
            "500 whose text hangs",
            vec![head(500, "text/plain"), Step::Hang],
            "",
            "the server is overloaded or out of order (status 500)",
        ),
        (
            "429",
            vec![send(limited)],
            "",
            "the server is overloaded or out of order (status 429)",
        ),
        (
            "400 with an echo",
            answer(400, &echo),
            "",
            "the server refuses with status 400",
        ),
        (
            "401 with an echo",
            answer(401, &echo),
            "",
            "the server refuses with status 401",
        ),
        (
            "404",
            vec![head(404, "text/html"), send("no such page")],
            "",
            "the server refuses with status 404",
        ),
        (
            "a redirect",
            vec![send(redirect)],
            "",
            "the server refuses with status 307",
        ),
        (
            "a small context",
            answer(400, &long),
            "",
            "the prompt does not fit: 905 tokens of 512",
        ),
        // What looks odd and is none.
        (
            "no [DONE]",
            vec![stream(), send(word("да")), send(STOP)],
            "да",
            "fine",
        ),
        (
            "no [DONE], and silence",
            vec![stream(), send(word("да")), send(STOP), Step::Hang],
            "да",
            "fine",
        ),
        (
            "[DONE], and silence",
            vec![stream(), send(word("да")), send(STOP), send(DONE), Step::Hang],
            "да",
            "fine",
        ),
        (
            "[DONE], and more",
            vec![
                stream(),
                send(word("да")),
                send(STOP),
                send(DONE),
                send(word("нет")),
            ],
            "да",
            "fine",
        ),
        (
            "[DONE] without a reason",
            vec![stream(), send(word("да")), send(DONE)],
            "да",
            "fine",
        ),
        (
            "a reset after the reason",
            vec![
                stream(),
                send(word("да")),
                send(STOP),
                Step::Pause(DRIP),
                Step::Reset,
            ],
            "да",
            "fine",
        ),
        (
            "no words and a reason",
            vec![stream(), send(STOP), send(DONE)],
            "",
            "fine",
        ),
        (
            "no stream",
            answer(
                200,
                &json!({ "choices": [{ "message": { "content": "да" }, "finish_reason": "stop" }] }),
            ),
            "да",
            "fine",
        ),
        (
            "no stream and no words",
            answer(200, &json!({ "choices": [] })),
            "",
            early,
        ),
        (
            "no stream and half a JSON",
            vec![head(200, "application/json"), send("{\"choi")],
            "",
            early,
        ),
        (
            "thoughts first",
            vec![stream(), send(thought), send(word("да")), send(STOP)],
            "да",
            "fine",
        ),
        (
            "drips all of it",
            vec![
                stream(),
                Step::Drip(
                    [word("да"), STOP.to_owned()].concat().into(),
                    Duration::from_millis(1),
                ),
            ],
            "да",
            "fine",
        ),
    ]
}

#[tokio::test]
async fn every_fault_of_a_chat_ends_in_its_error_within_the_deadline() {
    for (name, steps, words, expected) in chats() {
        let server = Server::always(steps).await;
        let begun = Instant::now();
        let (found, error) = ask(&chat(vec![endpoint(&server.url)]), soon()).await;
        let took = begun.elapsed();
        assert_eq!(
            (found.as_str(), told(error.as_ref()).as_str()),
            (words, expected),
            "{name}"
        );
        assert!(took < crate::TOTAL + SLACK, "{name}: {took:?}");
        assert_eq!(server.requests().len(), 1, "{name}");
        if let Some(error) = error {
            check_hushed(&error);
            println!("{name}: {error} ({} ms)", took.as_millis());
        }
    }
}

#[tokio::test]
async fn words_without_end_are_cut_off_by_their_bytes_or_their_time() {
    let table = [
        (AT_ONCE, "the answer is longer than 1114112 bytes"),
        (DRIP, "timed out before the whole answer was there"),
    ];
    for (pause, expected) in table {
        let words = word("да ").repeat(if pause == AT_ONCE { 1_000 } else { 1 });
        let server = Server::always(vec![stream(), Step::Forever(words.into(), pause)]).await;
        let (found, error) = ask(&chat(vec![endpoint(&server.url)]), soon()).await;
        assert_eq!(told(error.as_ref()), expected);
        assert!(found.starts_with("да да да "));
    }
}

#[tokio::test]
async fn the_deadline_of_the_caller_ends_what_the_endpoint_would_allow() {
    let mut patient = endpoint("");
    for limit in [
        &mut patient.first_token_timeout,
        &mut patient.idle_timeout,
        &mut patient.total_timeout,
    ] {
        *limit = Duration::from_mins(1);
    }
    let table = [
        (vec![Step::Hang], ""),
        (vec![stream(), Step::Hang], ""),
        (vec![stream(), send(word("да")), Step::Hang], "да"),
    ];
    for (steps, words) in table {
        let server = Server::always(steps).await;
        patient.base_url.clone_from(&server.url);
        let begun = Instant::now();
        let (found, error) = ask(&chat(vec![patient.clone()]), begun + crate::TOKEN).await;
        let expected = "timed out because the deadline came";
        assert_eq!((found.as_str(), told(error.as_ref()).as_str()), (words, expected));
        assert!(begun.elapsed() < crate::TOKEN + SLACK, "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let (_, error) = ask(&chat(vec![endpoint(&url)]), soon()).await;
    assert!(matches!(error, Some(ModelError::Unreachable { .. })), "{error:?}");
}

/// Faults of an endpoint that answers with one JSON, whatever it should have held.
fn faults() -> Vec<(&'static str, Vec<Step>, &'static str)> {
    let unreachable = "the server cannot be reached";
    let no_json = "the answer makes no sense: it is not JSON";
    let total = "timed out before the whole answer was there";
    let redirect = "HTTP/1.1 302 X\r\nlocation: http://127.0.0.1:1/v1\r\ncontent-length: 0\r\n\r\n";
    let cut = "HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{\"data\":";
    let kind = "application/json";
    vec![
        ("hangs", vec![Step::Hang], total),
        ("hangs after the head", vec![head(200, kind), Step::Hang], total),
        (
            "drips",
            vec![head(200, kind), Step::Drip(vec![b' '; 4_000], DRIP)],
            total,
        ),
        ("closes without a word", vec![], unreachable),
        ("resets", vec![Step::Reset], unreachable),
        (
            "resets in the middle",
            vec![send(cut), Step::Pause(DRIP), Step::Reset],
            "the answer ended early",
        ),
        ("closes in the middle", vec![send(cut)], "the answer ended early"),
        (
            "half a JSON",
            vec![head(200, kind), send("{\"data\":[{\"embe")],
            no_json,
        ),
        (
            "no UTF-8",
            vec![head(200, kind), send(b"{\"data\":\"\xff\"}")],
            no_json,
        ),
        (
            "a page",
            vec![head(200, "text/html"), send("<h1>Welcome</h1>")],
            no_json,
        ),
        (
            "goes on and on",
            vec![head(200, kind), Step::Forever(vec![b' '; 1 << 20], AT_ONCE)],
            "the answer is longer than 16777216 bytes",
        ),
        (
            "500",
            answer(500, &json!({ "error": "it broke" })),
            "the server is overloaded or out of order (status 500)",
        ),
        (
            "401",
            answer(401, &json!({})),
            "the server refuses with status 401",
        ),
        (
            "a redirect",
            vec![send(redirect)],
            "the server refuses with status 302",
        ),
    ]
}

fn vectors(vectors: &[(usize, &[f32])]) -> Vec<Step> {
    let data: Vec<Value> = vectors
        .iter()
        .map(|(index, vector)| json!({ "index": index, "embedding": vector }))
        .collect();
    answer(200, &json!({ "data": data }))
}

#[tokio::test]
async fn every_fault_of_embeddings_ends_in_its_error_within_the_deadline() {
    let one: &[f32] = &[1.0, 0.0];
    let count = "the answer makes no sense: it holds another number of vectors than texts";
    let mut table = faults();
    table.extend([
        ("one is missing", vectors(&[(0, one)]), count),
        ("one too many", vectors(&[(0, one), (1, one), (2, one)]), count),
        (
            "one twice",
            vectors(&[(0, one), (0, one)]),
            "the answer makes no sense: two vectors belong to one text",
        ),
        (
            "one for nobody",
            vectors(&[(0, one), (7, one)]),
            "the answer makes no sense: a vector belongs to no text",
        ),
        (
            "uneven ones",
            vectors(&[(0, one), (1, &[1.0, 0.0, 0.0])]),
            "a vector has 3 values where 2 were expected",
        ),
        (
            "another dimension",
            vectors(&[(0, &[1.0]), (1, &[1.0])]),
            "a vector has 1 values where 2 were expected",
        ),
        ("right", vectors(&[(1, one), (0, one)]), "fine"),
    ]);
    let texts = ["раз", "два"].map(str::to_owned);
    for (name, steps, expected) in table {
        let server = Server::always(steps).await;
        let embeddings = Embeddings::new(vec![endpoint(&server.url)], Prefixes::default())
            .unwrap()
            .with_dimension(2);
        let begun = Instant::now();
        let outcome = embeddings.embed(&texts, Purpose::Passage, soon()).await;
        let took = begun.elapsed();
        assert_eq!(told(outcome.as_ref().err()), expected, "{name}");
        assert!(took < crate::TOTAL + SLACK, "{name}: {took:?}");
    }
}

#[tokio::test]
async fn every_fault_of_reranking_ends_in_its_error_within_the_deadline() {
    let scores = |scores: Value| answer(200, &json!({ "results": scores }));
    let one = json!({ "index": 0, "relevance_score": 1 });
    let mut table = faults();
    table.extend([
        (
            "none",
            scores(json!([])),
            "the answer makes no sense: it holds another number of scores than documents",
        ),
        (
            "one twice",
            scores(json!([one, one])),
            "the answer makes no sense: two scores belong to one document",
        ),
        (
            "right",
            scores(json!([{ "index": 1, "relevance_score": -2 }, one])),
            "fine",
        ),
    ]);
    let documents = ["раз", "два"].map(str::to_owned);
    for (name, steps, expected) in table {
        let server = Server::always(steps).await;
        let rerank = Rerank::new(vec![endpoint(&server.url)]).unwrap();
        let begun = Instant::now();
        let outcome = rerank.score("сколько?", &documents, begun + DEADLINE).await;
        let took = begun.elapsed();
        assert_eq!(told(outcome.as_ref().err()), expected, "{name}");
        assert!(took < crate::TOTAL + SLACK, "{name}: {took:?}");
    }
}
