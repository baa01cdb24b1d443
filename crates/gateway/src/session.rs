//! One connection: from the first message to the Close frame.
//!
//! Invariants: replies leave in the order of the messages; at most one answer of a connection is being made, and while it
//! is, pings are answered, further messages are taken in up to a bound, and a client that leaves takes its question along.

use std::collections::VecDeque;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use docent_corpus::{Answer, AssistantId, Interest, Outcome};
use docent_protocol::{
    AssistantEntry, ClientMessage, Incoming, MessageId, Reply, ServerMessage, SourceEntry,
};
use futures_util::{FutureExt as _, StreamExt};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until, timeout};
use tungstenite::Error as WsError;

use crate::admission::Place;
use crate::allowance::Allowance;
use crate::metrics::{Ended, Kind};
use crate::stream::deltas;
use crate::words::Word;
use crate::{EngineError, Shared};

/// Why a session ends, as the close code says it (RFC 6455, section 7.4.1).
pub(crate) const AWAY: u16 = 1001;
const PROTOCOL: u16 = 1002;
const INVALID_TEXT: u16 = 1007;
const TOO_BIG: u16 = 1009;
const BROKEN: u16 = 1011;

/// What a session does next.
pub(crate) enum Next {
    Message(Message),
    /// The client said goodbye or is gone.
    Left,
    /// We end it.
    Close(u16),
}

/// Serves one client until it leaves, misbehaves or the server stops.
pub(crate) async fn run(mut socket: WebSocket, shared: &Arc<Shared>, place: Place, number: u64) {
    let mut client = Client {
        selected: None,
        place,
        number,
        questions: 0,
        // A tenth more or less, by the connection's number: clients that came together do not leave together.
        until: until(Instant::now(), shared.settings.lifetime, number),
        leaving: false,
        allowance: shared
            .settings
            .questions_per_minute
            .map(|rate| Allowance::new(shared.settings.question_burst, rate, Instant::now())),
    };
    let mut waiting = VecDeque::new();
    loop {
        let next = match waiting.pop_front() {
            Some(message) => Next::Message(message),
            None => next(&mut socket, shared, &mut client).await,
        };
        let done = match next {
            Next::Message(message) => {
                let handled = handle(message, &mut client, &mut waiting, &mut socket, shared);
                match AssertUnwindSafe(handled).catch_unwind().await {
                    Ok(handled) => handled,
                    // What the session knows may be half changed.
                    Err(_) => Err(Next::Close(BROKEN)),
                }
            }
            other => Err(other),
        };
        match done {
            Ok(None) => {}
            Ok(Some(reply)) => {
                if !send(&mut socket, shared, written(&reply, shared)).await {
                    return;
                }
            }
            Err(Next::Close(code)) => return close(&mut socket, shared, code).await,
            Err(Next::Left | Next::Message(_)) => return finish(&mut socket, shared).await,
        }
    }
}

/// Writes a reply down; one that is longer than a client may make us hold is an answer that could not be made.
fn written(reply: &Reply, shared: &Shared) -> Message {
    let mut text = reply.to_json();
    if text.len() > shared.settings.max_outbound_bytes {
        tracing::error!(bytes = text.len(), "a reply is longer than limits.outbound");
        let mut short = error(&Word::TooMuch, shared);
        short.id.clone_from(&reply.id);
        text = short.to_json();
    }
    Message::Text(text.into())
}

/// Returns when a connection has lasted long enough; nothing when it may last for ever.
fn until(now: Instant, lifetime: Duration, number: u64) -> Option<Instant> {
    // Up to a tenth less, by the connection's number: clients that came together do not leave together.
    let share = 1.0 - (number % 101) as f64 / 1_000.0;
    let lifetime = Duration::try_from_secs_f64(lifetime.as_secs_f64() * share).ok()?;
    now.checked_add(lifetime)
}

/// Waits for a message; pings a silent client and gives up on one that stays silent.
async fn next(socket: &mut WebSocket, shared: &Shared, client: &mut Client) -> Next {
    let mut pinged = false;
    loop {
        let silence = shared.settings.idle;
        let received = tokio::select! {
            biased;
            () = sleep_until(client.until.unwrap_or_else(Instant::now)), if client.until.is_some() => {
                return Next::Close(AWAY);
            }
            // Until its turn comes, a client is served as ever.
            () = shared.closing.cancelled(), if !client.leaving => {
                client.leaving = true;
                let turn = Instant::now() + turn(shared);
                client.until = Some(client.until.map_or(turn, |until| until.min(turn)));
                continue;
            }
            received = timeout(silence, socket.next()) => received,
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

/// Returns how long this session waits to be closed by a stopping server.
fn turn(shared: &Shared) -> Duration {
    let turn = shared.turns.fetch_add(1, Ordering::Relaxed) as f64;
    let wait = Duration::from_secs_f64(turn / f64::from(shared.settings.closes_per_second.max(1)));
    // Half of the grace is for answers under way.
    wait.min(shared.settings.grace / 2)
}

pub(crate) fn sorted(received: Option<Result<Message, axum::Error>>) -> Next {
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
    /// Its place among those of its address.
    place: Place,
    /// Number of its connection.
    number: u64,
    /// Questions asked so far.
    questions: u32,
    /// When it has been here long enough.
    until: Option<Instant>,
    /// Whether it was told its turn to leave a stopping server.
    leaving: bool,
}

/// By which a person can name a question that went wrong, and the operator find it in the log.
#[derive(Debug, Clone, Copy)]
struct RequestId {
    connection: u64,
    question: u32,
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{}", self.connection, self.question)
    }
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
        Message::Binary(_) => {
            shared.metrics.message(Kind::Invalid);
            return Ok(Some(error(&Word::Binary, shared)));
        }
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return Ok(None),
    };
    let asked = match reply_to(text.as_str(), client, shared) {
        Step::Reply(reply) => return Ok(Some(reply)),
        Step::Ask(asked) => asked,
    };
    drop(text);
    let (id, stream) = (asked.id.clone(), asked.stream);
    let made = ask(asked, shared);
    tokio::pin!(made);
    loop {
        let held: usize = waiting.iter().map(size).sum();
        let room =
            waiting.len() < shared.settings.messages_in_flight && held < shared.settings.max_message_bytes;
        tokio::select! {
            biased;
            mut reply = made.as_mut() => {
                if stream && !deltas(socket, shared, &reply, id.as_ref()).await {
                    return Err(Next::Left);
                }
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

pub(crate) async fn send(socket: &mut WebSocket, shared: &Shared, message: Message) -> bool {
    matches!(
        timeout(shared.settings.write_deadline, socket.send(message)).await,
        Ok(Ok(()))
    )
}

pub(crate) async fn close(socket: &mut WebSocket, shared: &Shared, code: u16) {
    shared.metrics.closed(code);
    let frame = CloseFrame {
        code,
        reason: "".into(),
    };
    if send(socket, shared, Message::Close(Some(frame))).await {
        finish(socket, shared).await;
    }
}

/// Reads what is still on its way, so that the Close frame is not lost to a reset.
pub(crate) async fn finish(socket: &mut WebSocket, shared: &Shared) {
    let rest = async { while let Some(Ok(_)) = socket.next().await {} };
    let _ = timeout(shared.settings.write_deadline.min(Duration::from_secs(1)), rest).await;
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
    stream: bool,
    id: Option<MessageId>,
    request: RequestId,
}

enum Step {
    Reply(Reply),
    Ask(Asked),
}

/// Reads one message and does what takes no time.
fn reply_to(text: &str, client: &mut Client, shared: &Arc<Shared>) -> Step {
    let Incoming { id, message } = Incoming::parse(text);
    shared.metrics.message(match &message {
        Err(_) => Kind::Invalid,
        Ok(ClientMessage::GetAssistants) => Kind::GetAssistants,
        Ok(ClientMessage::SelectAssistant { .. }) => Kind::SelectAssistant,
        Ok(ClientMessage::Question { .. }) => Kind::Question,
        Ok(ClientMessage::Feedback { .. }) => Kind::Feedback,
    });
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
        Ok(ClientMessage::Feedback { helpful }) => {
            shared.metrics.judged(helpful);
            ServerMessage::Success {
                message: Word::Noted.text(shared.settings.locale),
            }
            .into()
        }
        Ok(ClientMessage::Question {
            question,
            sources,
            stream,
        }) => match admitted(&question, client, shared) {
            Err(word) => {
                shared.metrics.ended(Ended::Refused);
                error(&word, shared)
            }
            Ok(assistant) => {
                client.questions = client.questions.wrapping_add(1);
                return Step::Ask(Asked {
                    assistant,
                    question,
                    sources,
                    stream,
                    id,
                    request: RequestId {
                        connection: client.number,
                        question: client.questions,
                    },
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
    let now = Instant::now();
    let own = client.allowance.as_mut().map_or(Ok(()), |own| own.take(now));
    own.and_then(|()| client.place.ask(now)).map_err(|wait| {
        // Whole seconds, rounded up: whoever waits that long is served.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Word::TooOften { seconds }
    })?;
    Ok(assistant)
}

/// Counts a question as abandoned unless it is told how it ended.
struct Ending<'a> {
    shared: &'a Shared,
    begun: Instant,
    outcome: Ended,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.shared.metrics.ended(self.outcome);
        self.shared.metrics.took(self.begun.elapsed());
    }
}

/// Tells the engine, when dropped, that nobody waits any more.
struct Waiting(Interest);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.lose();
    }
}

/// Makes the answer on a blocking thread. Dropped, it gives up its place in the queue, or tells the engine to stop.
async fn ask(asked: Asked, shared: &Arc<Shared>) -> Reply {
    let Asked {
        assistant,
        question,
        sources,
        stream: _,
        id: _,
        request,
    } = asked;
    let chars = question.chars().count();
    let mut ending = Ending {
        shared,
        begun: Instant::now(),
        outcome: Ended::Abandoned,
    };
    let work = async {
        let place = match shared.answers.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_) => wait_for_place(shared).await?,
        };
        let (engine, interest) = (shared.engine.clone(), Interest::default());
        let _waiting = Waiting(interest.clone());
        // A panic in the engine comes back as an error of the join: it costs this question only.
        let made = tokio::task::spawn_blocking(move || {
            let made = engine.answer_while(assistant, &question, &interest);
            drop(place);
            made
        });
        made.await.map_err(|_| Ended::Panicked)
    };
    let made = timeout(shared.settings.answer_deadline, work).await;
    let (outcome, reply) = match made.unwrap_or(Err(Ended::TimedOut)) {
        Ok(Ok(answer)) => {
            let outcome = match answer.outcome {
                Outcome::Answered => Ended::Answered,
                Outcome::Offered => Ended::Offered,
                Outcome::Fallback => Ended::Fallback,
                Outcome::Courtesy => Ended::Courtesy,
            };
            (outcome, answered(answer, sources))
        }
        Ok(Err(EngineError::UnknownAssistant)) => (Ended::Refused, error(&Word::UnknownAssistant, shared)),
        Ok(Err(EngineError::Unavailable(cause))) => {
            tracing::error!(%request, %cause, "no answer could be made");
            (Ended::Failed, error(&Word::NoAnswer(&request), shared))
        }
        Err(Ended::Busy) => (
            Ended::Busy,
            error(
                &Word::Busy {
                    seconds: BUSY_SECONDS,
                },
                shared,
            ),
        ),
        Err(why) => {
            tracing::error!(%request, ?why, "no answer could be made");
            (why, error(&Word::NoAnswer(&request), shared))
        }
    };
    ending.outcome = outcome;
    tracing::debug!(%request, ?outcome, took_ms = ending.begun.elapsed().as_millis() as u64, chars, "a question ended");
    reply
}

/// When to come back to a full queue: by then it has been worked off many times over, or the trouble is elsewhere.
const BUSY_SECONDS: u64 = 5;

/// Waits for a place among the answers being made, if there is a place among those that wait.
async fn wait_for_place(shared: &Shared) -> Result<OwnedSemaphorePermit, Ended> {
    let waiting = shared.waiting.try_acquire().map_err(|_| Ended::Busy)?;
    let shown = Shown::new(&shared.metrics.waiting);
    let place = shared.answers.clone().acquire_owned().await;
    drop((waiting, shown));
    place.map_err(|_| Ended::Failed)
}

/// Counts one while it lives.
pub(crate) struct Shown<'a>(&'a Gauge);

impl<'a> Shown<'a> {
    pub(crate) fn new(gauge: &'a Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.0.dec();
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
