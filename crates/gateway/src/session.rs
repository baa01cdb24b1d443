//! One connection: from the first message to the Close frame.
//!
//! Invariants: replies leave in the order of the messages; at most one answer of a connection is being made, and while it
//! is, pings are answered, further messages are taken in up to a bound, and a client that leaves takes its question along.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use docent_corpus::{Answer, AssistantId};
use docent_protocol::{
    AssistantEntry, ClientMessage, Incoming, MessageId, Reply, ServerMessage, SourceEntry,
};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout};
use tungstenite::Error as WsError;

use crate::allowance::Allowance;
use crate::words::Word;
use crate::{EngineError, Shared};

/// Why a session ends, as the close code says it (RFC 6455, section 7.4.1).
const AWAY: u16 = 1001;
const PROTOCOL: u16 = 1002;
const INVALID_TEXT: u16 = 1007;
const TOO_BIG: u16 = 1009;

/// What a session does next.
enum Next {
    Message(Message),
    /// The client said goodbye or is gone.
    Left,
    /// We end it.
    Close(u16),
}

/// Serves one client until it leaves, misbehaves or the server stops.
pub(crate) async fn run(mut socket: WebSocket, shared: &Arc<Shared>) {
    let mut client = Client {
        selected: None,
        allowance: shared
            .settings
            .questions_per_minute
            .map(|rate| Allowance::new(shared.settings.question_burst, rate, Instant::now())),
    };
    let mut waiting = VecDeque::new();
    loop {
        let next = match waiting.pop_front() {
            Some(message) => Next::Message(message),
            None => next(&mut socket, shared).await,
        };
        let done = match next {
            Next::Message(message) => handle(message, &mut client, &mut waiting, &mut socket, shared).await,
            other => Err(other),
        };
        match done {
            Ok(None) => {}
            Ok(Some(reply)) => {
                if !send(&mut socket, shared, Message::Text(reply.to_json().into())).await {
                    return;
                }
            }
            Err(Next::Close(code)) => return close(&mut socket, shared, code).await,
            Err(Next::Left | Next::Message(_)) => return finish(&mut socket, shared).await,
        }
    }
}

/// Waits for a message; pings a silent client and gives up on one that stays silent.
async fn next(socket: &mut WebSocket, shared: &Shared) -> Next {
    let mut pinged = false;
    loop {
        let received = tokio::select! {
            biased;
            () = shared.stop.cancelled() => return Next::Close(AWAY),
            received = timeout(shared.settings.idle, socket.next()) => received,
        };
        match received.map(sorted) {
            Err(_) if pinged => return Next::Close(AWAY),
            Err(_) => {
                pinged = true;
                if !send(socket, shared, Message::Ping(Vec::new().into())).await {
                    return Next::Left;
                }
            }
            // The library answers pings by itself, with the same payload.
            Ok(Next::Message(Message::Ping(_) | Message::Pong(_))) => pinged = false,
            Ok(next) => return next,
        }
    }
}

fn sorted(received: Option<Result<Message, axum::Error>>) -> Next {
    match received {
        None | Some(Ok(Message::Close(_))) => Next::Left,
        Some(Ok(message)) => Next::Message(message),
        Some(Err(error)) => match error.into_inner().downcast_ref::<WsError>() {
            Some(WsError::Capacity(_)) => Next::Close(TOO_BIG),
            Some(WsError::Utf8(_)) => Next::Close(INVALID_TEXT),
            Some(WsError::ConnectionClosed | WsError::AlreadyClosed | WsError::Io(_)) => Next::Left,
            _ => Next::Close(PROTOCOL),
        },
    }
}

/// What is known of a client between its messages.
struct Client {
    selected: Option<AssistantId>,
    allowance: Option<Allowance>,
}

/// Makes the reply to a message; for a question, watches the connection meanwhile.
async fn handle(
    message: Message,
    client: &mut Client,
    waiting: &mut VecDeque<Message>,
    socket: &mut WebSocket,
    shared: &Arc<Shared>,
) -> Result<Option<Reply>, Next> {
    let text = match message {
        Message::Text(text) => text,
        Message::Binary(_) => return Ok(Some(error(&Word::Binary, shared))),
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return Ok(None),
    };
    let asked = match reply_to(text.as_str(), client, shared) {
        Step::Reply(reply) => return Ok(Some(reply)),
        Step::Ask(asked) => asked,
    };
    drop(text);
    let id = asked.id.clone();
    let made = ask(asked, shared);
    tokio::pin!(made);
    loop {
        let held: usize = waiting.iter().map(size).sum();
        let room =
            waiting.len() < shared.settings.messages_in_flight && held < shared.settings.max_message_bytes;
        tokio::select! {
            biased;
            mut reply = made.as_mut() => {
                reply.id = id;
                return Ok(Some(reply));
            }
            received = socket.next(), if room => match sorted(received) {
                Next::Message(Message::Ping(_) | Message::Pong(_)) => {}
                Next::Message(message) => waiting.push_back(message),
                end => return Err(end),
            },
        }
    }
}

fn size(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
        Message::Close(_) => 0,
    }
}

async fn send(socket: &mut WebSocket, shared: &Shared, message: Message) -> bool {
    matches!(
        timeout(shared.settings.write_deadline, socket.send(message)).await,
        Ok(Ok(()))
    )
}

async fn close(socket: &mut WebSocket, shared: &Shared, code: u16) {
    let frame = CloseFrame {
        code,
        reason: "".into(),
    };
    if send(socket, shared, Message::Close(Some(frame))).await {
        finish(socket, shared).await;
    }
}

/// Reads what is still on its way, so that the Close frame is not lost to a reset.
async fn finish(socket: &mut WebSocket, shared: &Shared) {
    let rest = async { while let Some(Ok(_)) = socket.next().await {} };
    let _ = timeout(
        shared
            .settings
            .write_deadline
            .min(std::time::Duration::from_secs(1)),
        rest,
    )
    .await;
}

fn error(word: &Word<'_>, shared: &Shared) -> Reply {
    ServerMessage::Error {
        message: word.text(shared.settings.locale),
    }
    .into()
}

/// A question that may be asked.
struct Asked {
    assistant: AssistantId,
    question: String,
    sources: bool,
    id: Option<MessageId>,
}

enum Step {
    Reply(Reply),
    Ask(Asked),
}

/// Reads one message and does what takes no time.
fn reply_to(text: &str, client: &mut Client, shared: &Arc<Shared>) -> Step {
    let Incoming { id, message } = Incoming::parse(text);
    let mut reply = match message {
        Err(fault) => error(&Word::Form(&fault), shared),
        Ok(ClientMessage::GetAssistants) => {
            let entry = |one: &docent_corpus::Assistant| AssistantEntry {
                id: one.id.0,
                name: one.name.clone(),
                description: one.description.clone(),
            };
            ServerMessage::AssistantList {
                assistants: shared.engine.assistants().iter().map(entry).collect(),
            }
            .into()
        }
        Ok(ClientMessage::SelectAssistant { assistant_id }) => {
            let assistants = shared.engine.assistants();
            match assistants.iter().find(|one| one.id.0 == assistant_id) {
                None => error(&Word::UnknownAssistant, shared),
                Some(found) => {
                    client.selected = Some(found.id);
                    ServerMessage::Success {
                        message: Word::Selected(&found.name).text(shared.settings.locale),
                    }
                    .into()
                }
            }
        }
        Ok(ClientMessage::Question { question, sources }) => match admitted(&question, client, shared) {
            Err(word) => error(&word, shared),
            Ok(assistant) => {
                return Step::Ask(Asked {
                    assistant,
                    question,
                    sources,
                    id,
                });
            }
        },
    };
    reply.id = id;
    Step::Reply(reply)
}

/// Tells which assistant a question goes to, or why to none.
fn admitted(question: &str, client: &mut Client, shared: &Shared) -> Result<AssistantId, Word<'static>> {
    let assistant = client.selected.ok_or(Word::NotSelected)?;
    let blank = |letter: char| {
        letter.is_whitespace()
            || letter.is_control()
            || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{2800}' | '\u{3164}' | '\u{e0000}'..='\u{e007f}')
    };
    if question.chars().all(blank) {
        return Err(Word::Empty);
    }
    let (length, limit) = (question.chars().count(), shared.settings.max_question_chars);
    if length > limit {
        return Err(Word::TooLong { limit, length });
    }
    if let Some(allowance) = &mut client.allowance
        && let Err(wait) = allowance.take(Instant::now())
    {
        // Whole seconds, rounded up: whoever waits that long is served.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        return Err(Word::TooOften { seconds });
    }
    Ok(assistant)
}

/// Makes the answer on a blocking thread. Dropped, it gives up its place in the queue; work already begun runs out and
/// is thrown away.
async fn ask(asked: Asked, shared: &Arc<Shared>) -> Reply {
    let Asked {
        assistant,
        question,
        sources,
        id: _,
    } = asked;
    let work = async {
        let place = shared.answers.clone().acquire_owned().await.ok()?;
        let engine = shared.engine.clone();
        // A panic in the engine comes back as an error of the join: it costs this question only.
        let made = tokio::task::spawn_blocking(move || {
            let made = engine.answer(assistant, &question);
            drop(place);
            made
        });
        made.await
            .inspect_err(|_| tracing::error!("an answer panicked"))
            .ok()
    };
    match timeout(shared.settings.answer_deadline, work).await {
        Ok(Some(Ok(answer))) => answered(answer, sources),
        Ok(Some(Err(EngineError::UnknownAssistant))) => error(&Word::UnknownAssistant, shared),
        Ok(Some(Err(EngineError::Unavailable(cause)))) => {
            tracing::error!(%cause, "no answer could be made");
            error(&Word::NoAnswer, shared)
        }
        Ok(None) | Err(_) => error(&Word::NoAnswer, shared),
    }
}

fn answered(answer: Answer, sources: bool) -> Reply {
    let Answer {
        text,
        outcome: _,
        sources: found,
    } = answer;
    let entries = found.into_iter().map(|source| SourceEntry {
        n: source.number as u64,
        quote: source.quoted(),
        document: source.title.to_string(),
        section: source.section,
        page: source.page,
        url: None,
    });
    ServerMessage::Answer {
        message: text,
        sources: sources.then(|| entries.collect()),
    }
    .into()
}
