//! What the clients make of servers that fail, lie, dawdle and break, and what they leave behind when their callers go.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod care;
mod leave;
mod server;
mod shapes;
mod table;
mod trust;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use docent_models::{Chat, ChatReply, ChatRequest, Endpoint, Key, ModelError, Secret};

/// The limits of tests: short, and far enough apart to be told from one another on a busy machine.
const TOKEN: Duration = Duration::from_millis(400);
const TOTAL: Duration = Duration::from_millis(1_600);
const DEADLINE: Duration = Duration::from_secs(6);

/// A key and a question that must not be seen in any error.
const KEY: &str = "sk-hush-hush";
const QUESTION: &str = "сколько длится тайный отпуск?";

fn endpoint(url: &str) -> Endpoint {
    let mut endpoint = Endpoint::new(url, "м");
    endpoint.key = Key::Text(Secret::new(KEY));
    endpoint.connect_timeout = TOKEN;
    endpoint.first_token_timeout = TOKEN;
    endpoint.idle_timeout = TOKEN;
    endpoint.total_timeout = TOTAL;
    endpoint.max_retries = 0;
    endpoint
}

fn chat(endpoints: Vec<Endpoint>) -> Chat {
    Chat::new(endpoints).unwrap()
}

fn question() -> ChatRequest {
    ChatRequest {
        system: "Отвечай по документам.".to_owned(),
        user: QUESTION.to_owned(),
        max_tokens: 16,
        temperature: 0.0,
        schema: None,
    }
}

fn soon() -> Instant {
    Instant::now() + DEADLINE
}

/// An event with a piece of an answer.
fn word(text: &str) -> String {
    format!(
        "data: {}\n\n",
        serde_json::json!({ "choices": [{ "delta": { "content": text } }] })
    )
}

const STOP: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// Reads an answer to its end: its words, and its failure if there is one.
async fn whole(reply: &mut ChatReply) -> (String, Option<ModelError>) {
    let mut words = String::new();
    while let Some(piece) = reply.next().await {
        match piece {
            Ok(text) => words.push_str(&text),
            Err(error) => return (words, Some(error)),
        }
    }
    (words, None)
}

/// Asks once and reads what comes.
async fn ask(chat: &Chat, deadline: Instant) -> (String, Option<ModelError>) {
    match chat.start(&question(), deadline).await {
        Ok(mut reply) => whole(&mut reply).await,
        Err(error) => (String::new(), Some(error)),
    }
}

/// Fails when an error tells what nobody may see.
fn check_hushed(error: &ModelError) {
    let mut told = format!("{error} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        write!(told, " {cause} {cause:?}").unwrap();
        source = cause.source();
    }
    for secret in [KEY, QUESTION, "тайный"] {
        assert!(!told.contains(secret), "{told}");
    }
}

/// An answer of one word, as a server streams it.
fn says(text: &str) -> Vec<server::Step> {
    vec![
        server::stream(),
        server::send(word(text)),
        server::send(STOP),
        server::send(DONE),
    ]
}

fn fails(status: u16) -> Vec<server::Step> {
    server::json(status, &serde_json::json!({ "error": "no" }))
}

fn patient(url: &str, retries: u32) -> Endpoint {
    let mut endpoint = endpoint(url);
    endpoint.max_retries = retries;
    endpoint
}
