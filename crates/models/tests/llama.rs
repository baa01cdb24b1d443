//! The clients against the server that operators run: llama.cpp's own, with tiny models made by `tests/llm/setup.sh`.
//!
//! Proves that both speak the same language; not that a model is clever, nor that other servers speak it alike. Without
//! the folder that the script makes (`DOCENT_LLM_VENV`, or `llm` in the target folder) the tests say that they were
//! skipped; where `CI` is set they fail.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]
#![allow(
    clippy::disallowed_methods,
    reason = "where the server is installed is told to the tests alone"
)]

#[path = "../../../tests/llm/server.rs"]
mod server;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use docent_models::{
    Chat, ChatReply, ChatRequest, Embeddings, Endpoint, Finish, Key, ModelError, Prefixes, Purpose, Rerank,
    Secret,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use server::{KEY, Server, start};

/// Tokens of context; the tiny models count letters.
const CONTEXT: [&str; 2] = ["--ctx", "3000"];
const QUOTE: &str = "Ежегодный отпуск длится 28 календарных дней — см. п. 5 «Правил» №7 🙂.";

/// The servers are shared by the tests of this process.
fn copying() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER
        .get_or_init(|| start("copy.gguf", "chat", &CONTEXT))
        .as_ref()
}

fn embedding() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER
        .get_or_init(|| start("minilm.gguf", "embed", &CONTEXT))
        .as_ref()
}

fn ranking() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER
        .get_or_init(|| start("rank.gguf", "rerank", &CONTEXT))
        .as_ref()
}

fn endpoint(server: &Server) -> Endpoint {
    let mut endpoint = Endpoint::new(&server.url, "tiny");
    endpoint.key = Key::Text(Secret::new(KEY));
    // One thread of a busy machine computes.
    endpoint.first_token_timeout = Duration::from_mins(1);
    endpoint.idle_timeout = Duration::from_mins(1);
    endpoint.total_timeout = Duration::from_mins(2);
    endpoint
}

fn chat(server: &Server) -> Chat {
    Chat::new(vec![endpoint(server)]).unwrap()
}

fn deadline() -> Instant {
    Instant::now() + Duration::from_mins(2)
}

fn request(user: &str) -> ChatRequest {
    ChatRequest {
        system: "Отвечай только по документам.".to_owned(),
        user: user.to_owned(),
        max_tokens: 400,
        temperature: 0.0,
        schema: None,
    }
}

/// A prompt whose first passage the copying model quotes.
fn passages(first: &str) -> String {
    format!("[1] {first}\n[2] Обед длится час.\nВопрос: сколько длится отпуск?")
}

async fn pieces(reply: &mut ChatReply) -> Vec<String> {
    let mut pieces = Vec::new();
    while let Some(piece) = reply.next().await {
        pieces.push(piece.unwrap());
    }
    pieces
}

#[tokio::test]
async fn an_answer_comes_letter_by_letter_with_its_count() {
    let Some(server) = copying() else { return };
    let begun = Instant::now();
    let mut reply = chat(server)
        .start(&request(&passages(QUOTE)), deadline())
        .await
        .unwrap();
    let first = begun.elapsed();
    let pieces = pieces(&mut reply).await;
    println!(
        "first piece after {first:?}, {} pieces in {:?}",
        pieces.len(),
        begun.elapsed()
    );
    assert_eq!(pieces.concat(), format!("{QUOTE} [1]"));
    assert!(pieces.len() > 40, "{}", pieces.len());
    assert_eq!(reply.finish(), Some(Finish::Stop));
    let usage = reply.usage().unwrap();
    assert!(
        usage.completion as usize >= pieces.len() && usage.prompt > 100,
        "{usage:?}"
    );

    let mut reply = chat(server)
        .start(&request("Сколько длится отпуск?"), deadline())
        .await
        .unwrap();
    assert_eq!(
        self::pieces(&mut reply).await.concat(),
        "В документах нет ответа на этот вопрос."
    );
}

#[tokio::test]
async fn an_answer_is_cut_at_its_limit_and_says_so() {
    let Some(server) = copying() else { return };
    let mut request = request(&passages(QUOTE));
    request.max_tokens = 9;
    let mut reply = chat(server).start(&request, deadline()).await.unwrap();
    assert_eq!(pieces(&mut reply).await.concat(), "Ежегодный");
    assert_eq!(reply.finish(), Some(Finish::Length));
}

#[tokio::test]
async fn a_schema_gives_json() {
    let Some(server) = copying() else { return };
    let mut request = request(&passages(QUOTE));
    request.schema = Some(json!({
        "type": "object",
        "properties": { "answer": { "type": "string" } },
        "required": ["answer"],
        "additionalProperties": false
    }));
    let mut reply = chat(server).start(&request, deadline()).await.unwrap();
    let text = pieces(&mut reply).await.concat();
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["answer"], format!("{QUOTE} [1]"));
}

#[tokio::test]
async fn a_wrong_key_is_refused() {
    let Some(server) = copying() else { return };
    for key in [Key::None, Key::Text(Secret::new("sk-wrong"))] {
        let mut endpoint = endpoint(server);
        endpoint.key = key;
        let chat = Chat::new(vec![endpoint]).unwrap();
        let error = chat.start(&request("?"), deadline()).await.unwrap_err();
        assert!(matches!(error, ModelError::Refused { status: 401 }), "{error}");
    }
}

#[tokio::test]
async fn a_prompt_beyond_the_context_is_told_with_its_numbers() {
    let Some(server) = copying() else { return };
    let error = chat(server)
        .start(&request(&passages(&"х".repeat(5_000))), deadline())
        .await
        .unwrap_err();
    let ModelError::ContextExceeded {
        needed: Some(needed),
        limit: Some(limit),
    } = error
    else {
        panic!("{error}");
    };
    assert!(needed > 5_000 && limit < 5_000, "{needed} of {limit}");
}

/// Tells whether the server computes anything.
async fn is_busy(server: &Server) -> bool {
    let address = server.url.trim_start_matches("http://").trim_end_matches("/v1");
    let mut socket = TcpStream::connect(address).await.unwrap();
    let question = format!(
        "GET /slots HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {KEY}\r\nconnection: close\r\n\r\n"
    );
    socket.write_all(question.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("\"is_processing\""), "{answer}");
    answer.contains("\"is_processing\":true")
}

#[tokio::test]
async fn a_reader_who_leaves_ends_the_work_of_the_server() {
    // A server of its own: others would keep it busy.
    let Some(server) = start("copy.gguf", "chat", &CONTEXT) else {
        return;
    };
    let long = "Отпуск длится двадцать восемь дней, и ещё раз: ".repeat(20);
    let mut request = request(&passages(&long));
    request.max_tokens = 2_000;
    let mut reply = chat(&server).start(&request, deadline()).await.unwrap();
    for _ in 0..5 {
        reply.next().await.unwrap().unwrap();
    }
    assert!(is_busy(&server).await);
    let left = Instant::now();
    drop(reply);
    while is_busy(&server).await {
        // The rest of the answer would take some seconds.
        assert!(left.elapsed() < Duration::from_secs(2), "the server goes on");
        sleep(Duration::from_millis(5)).await;
    }
    println!(
        "the server stopped {:?} after its reader had left",
        left.elapsed()
    );
}

fn nearness(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

#[tokio::test]
async fn embeddings_keep_their_order_and_mean_something() {
    let Some(server) = embedding() else { return };
    let texts = [
        "How long are the holidays?",
        "The annual leave of employees lasts 28 days.",
        "The moon has no light of its own.",
    ]
    .map(str::to_owned);
    let plain = Embeddings::new(vec![endpoint(server)], Prefixes::default()).unwrap();
    let vectors = plain.embed(&texts, Purpose::Passage, deadline()).await.unwrap();
    assert_eq!(plain.dimension(), Some(384));
    assert!(nearness(&vectors[0], &vectors[1]) > nearness(&vectors[0], &vectors[2]) + 0.2);
    for (text, vector) in texts.iter().zip(&vectors) {
        let alone = plain
            .embed(std::slice::from_ref(text), Purpose::Query, deadline())
            .await
            .unwrap();
        assert!(nearness(&alone[0], vector) > 0.999, "{text}");
        assert!((nearness(vector, vector) - 1.0).abs() < 1e-4);
    }
    let mut packed = endpoint(server);
    packed
        .extra_body
        .insert("encoding_format".to_owned(), "base64".into());
    let packed = Embeddings::new(vec![packed], Prefixes::default()).unwrap();
    let same = packed.embed(&texts, Purpose::Passage, deadline()).await.unwrap();
    assert!(nearness(&same[2], &vectors[2]) > 0.999);
}

#[tokio::test]
async fn a_text_beyond_the_servers_batch_is_cut_and_the_others_are_whole() {
    let Some(server) = embedding() else { return };
    let embeddings = Embeddings::new(vec![endpoint(server)], Prefixes::default()).unwrap();
    let mut texts: Vec<String> = (0..10)
        .map(|number| format!("Rule number {number} of the office."))
        .collect();
    let whole = embeddings
        .embed(&texts, Purpose::Passage, deadline())
        .await
        .unwrap();
    texts[4] = "Holidays last twenty eight days. ".repeat(150);
    let vectors = embeddings
        .embed(&texts, Purpose::Passage, deadline())
        .await
        .unwrap();
    for (number, (vector, before)) in vectors.iter().zip(&whole).enumerate() {
        assert_eq!(nearness(vector, before) > 0.999, number != 4, "{number}");
    }
}

#[tokio::test]
async fn scores_belong_to_their_documents() {
    let Some(server) = ranking() else { return };
    let rerank = Rerank::new(vec![endpoint(server)]).unwrap();
    let mut documents = [
        "Holidays last 28 days.",
        "The moon has no light.",
        "Lunch lasts an hour.",
        "Yes.",
    ]
    .map(str::to_owned);
    let scores = rerank
        .score("How long are holidays?", &documents, deadline())
        .await
        .unwrap();
    documents.reverse();
    let mut reversed = rerank
        .score("How long are holidays?", &documents, deadline())
        .await
        .unwrap();
    reversed.reverse();
    for (one, other) in scores.iter().zip(&reversed) {
        assert!((one - other).abs() < 1e-3, "{scores:?} {reversed:?}");
    }
    assert!(
        scores.iter().any(|score| (score - scores[0]).abs() > 1e-3),
        "they differ: {scores:?}"
    );
}

#[tokio::test]
async fn probes_find_the_real_servers_usable() {
    let (Some(copying), Some(embedding), Some(ranking)) = (copying(), embedding(), ranking()) else {
        return;
    };
    let chat = chat(copying).probe(deadline()).await;
    let embeddings = Embeddings::new(vec![endpoint(embedding)], Prefixes::default()).unwrap();
    let rerank = Rerank::new(vec![endpoint(ranking)]).unwrap();
    let probes = [
        chat,
        embeddings.probe(deadline()).await,
        rerank.probe(deadline()).await,
    ]
    .concat();
    for probe in &probes {
        assert!(probe.reachable && probe.error.is_none(), "{probe:?}");
    }
    assert!(probes[0].example.is_some() && probes[0].tokens.is_some());
    assert_eq!(probes[1].dimension, Some(384));
}
