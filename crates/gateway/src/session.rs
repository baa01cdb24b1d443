//! One connection: from the first message to the Close frame.

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use docent_corpus::{Answer, AssistantId};
use docent_protocol::{AssistantEntry, ClientMessage, Incoming, Reply, ServerMessage, SourceEntry};
use futures_util::StreamExt;
use tokio::time::timeout;

use crate::words::Word;
use crate::{EngineError, Shared};

/// Why a session ends, as the close code says it.
const AWAY: u16 = 1001;
const PROTOCOL: u16 = 1002;
const INVALID_TEXT: u16 = 1007;
const TOO_BIG: u16 = 1009;

/// Serves one client until it leaves, misbehaves or the server stops.
pub(crate) async fn run(mut socket: WebSocket, shared: &Arc<Shared>) {
    let mut selected = None;
    let mut pinged = false;
    loop {
        let received = tokio::select! {
            biased;
            () = shared.stop.cancelled() => return close(&mut socket, shared, AWAY).await,
            received = timeout(shared.settings.idle, socket.next()) => received,
        };
        let message = match received {
            Err(_) if pinged => return close(&mut socket, shared, AWAY).await,
            Err(_) => {
                pinged = true;
                if !send(&mut socket, shared, Message::Ping(Vec::new().into())).await {
                    return;
                }
                continue;
            }
            Ok(None | Some(Ok(Message::Close(_)))) => return finish(&mut socket, shared).await,
            Ok(Some(Err(error))) => return close(&mut socket, shared, code_for(&error)).await,
            Ok(Some(Ok(message))) => message,
        };
        pinged = false;
        let reply = match message {
            Message::Text(text) => reply_to(text.as_str(), &mut selected, shared).await,
            Message::Binary(_) => error(&Word::Binary, shared),
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => continue,
        };
        if !send(&mut socket, shared, Message::Text(reply.to_json().into())).await {
            return;
        }
    }
}

/// The reader's errors carry no code: it is told by what they say of the violation.
fn code_for(error: &axum::Error) -> u16 {
    let said = error.to_string().to_lowercase();
    if said.contains("space limit")
        || said.contains("too long")
        || said.contains("too large")
        || said.contains("too big")
    {
        TOO_BIG
    } else if said.contains("utf-8") || said.contains("utf8") {
        INVALID_TEXT
    } else {
        PROTOCOL
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

async fn reply_to(text: &str, selected: &mut Option<AssistantId>, shared: &Arc<Shared>) -> Reply {
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
            match shared
                .engine
                .assistants()
                .iter()
                .find(|one| one.id.0 == assistant_id)
            {
                None => error(&Word::UnknownAssistant, shared),
                Some(found) => {
                    *selected = Some(found.id);
                    ServerMessage::Success {
                        message: Word::Selected(&found.name).text(shared.settings.locale),
                    }
                    .into()
                }
            }
        }
        Ok(ClientMessage::Question { question, sources }) => match *selected {
            None => error(&Word::NotSelected, shared),
            Some(assistant) => ask(assistant, question, sources, shared).await,
        },
    };
    reply.id = id;
    reply
}

async fn ask(assistant: AssistantId, question: String, sources: bool, shared: &Arc<Shared>) -> Reply {
    let blank = |letter: char| {
        letter.is_whitespace()
            || letter.is_control()
            || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{2800}' | '\u{3164}' | '\u{e0000}'..='\u{e007f}')
    };
    if question.chars().all(blank) {
        return error(&Word::Empty, shared);
    }
    let (length, limit) = (question.chars().count(), shared.settings.max_question_chars);
    if length > limit {
        return error(&Word::TooLong { limit, length }, shared);
    }
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
        document: source.title.to_string(),
        section: source.section,
        page: source.page,
        quote: source
            .quotes
            .iter()
            .map(|quote| quote.text.as_str())
            .collect::<Vec<_>>()
            .join(" … "),
        url: None,
    });
    ServerMessage::Answer {
        message: text,
        sources: sources.then(|| entries.collect()),
    }
    .into()
}
