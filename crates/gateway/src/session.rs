//! One connection: from the first message to the Close frame.
//!
//! Invariants: replies leave in the order of the messages; at most one answer of a connection is being made, and while it
//! is, pings are answered, further messages are taken in up to a bound, and a client that leaves takes its question along.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use docent_corpus::{Answer, Assistant, AssistantId, Outcome};
use docent_protocol::{
    AssistantEntry, ClientMessage, Incoming, MessageId, Reply, ServerMessage, SourceEntry,
};
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_util::sync::WaitForCancellationFuture;
use tungstenite::protocol::CloseFrame;
use tungstenite::{Error as WsError, Message, Utf8Bytes};

use crate::admission::Place;
use crate::allowance::Allowance;
use crate::metrics::{Ended, Kind};
use crate::pool::Unmade;
use crate::recent::Recent;
use crate::recorder::{Record, RequestId};
use crate::socket::Socket;
use crate::stream::{Growing, delta, deltas, grown};
use crate::words::Word;
use crate::{Asker, EngineError, Part, Shared, Writing, WrittenAnswer, sources};

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
pub(crate) async fn run(mut socket: Socket, shared: &Arc<Shared>, place: Place, number: u64) {
    let now = Instant::now();
    let mut client = Client {
        selected: None,
        place,
        number,
        questions: 0,
        recent: Recent::default(),
        // A tenth more or less, by the connection's number: clients that came together do not leave together.
        until: until(now, shared.settings.lifetime, number),
        leaving: false,
        allowance: shared
            .settings
            .questions_per_minute
            .map(|rate| Allowance::new(shared.settings.question_burst, rate, now)),
    };
    let alarm = pin!(sleep_until(after(now, shared.settings.idle)));
    let closing = pin!(shared.closing.cancelled());
    let mut watch = Watch { alarm, closing };
    let mut waiting = VecDeque::new();
    loop {
        let next = match waiting.pop_front() {
            Some(message) => Next::Message(message),
            None => next(&mut socket, shared, &mut client, &mut watch).await,
        };
        if waiting.is_empty() {
            // An idle session keeps no room for messages.
            waiting = VecDeque::new();
        }
        let step = match next {
            Next::Message(message) => {
                let step = catch_unwind(AssertUnwindSafe(|| step(message, &mut client, shared)));
                // What the session knows may be half changed.
                let Ok(step) = step else {
                    return close(&mut socket, shared, BROKEN).await;
                };
                step
            }
            Next::Close(code) => return close(&mut socket, shared, code).await,
            Next::Left => return finish(&mut socket, shared).await,
        };
        let reply = match step {
            None => continue,
            Some(Step::Ready(text)) => text,
            Some(Step::Reply(reply)) => written(&reply, shared),
            // In a box of its own: most sessions are idle, and have none.
            Some(Step::Ask(asked)) => {
                match Box::pin(answer(asked, &mut waiting, &mut socket, shared)).await {
                    Ok(reply) => written(&reply, shared),
                    Err(Next::Close(code)) => return close(&mut socket, shared, code).await,
                    Err(Next::Left | Next::Message(_)) => return finish(&mut socket, shared).await,
                }
            }
        };
        if !send(&mut socket, shared, Message::Text(reply)).await {
            return;
        }
    }
}

/// Writes a reply down; one that is longer than a client may make us hold is an answer that could not be made.
fn written(reply: &Reply, shared: &Shared) -> Utf8Bytes {
    let text = reply.to_json();
    if text.len() <= shared.settings.max_outbound_bytes {
        return text.into();
    }
    tracing::error!(bytes = text.len(), "a reply is longer than limits.outbound");
    let mut short = error(&Word::TooMuch, shared);
    short.id.clone_from(&reply.id);
    short.to_json().into()
}

/// Returns when a connection has lasted long enough; nothing when it may last for ever.
fn until(now: Instant, lifetime: Duration, number: u64) -> Option<Instant> {
    // Up to a tenth less, by the connection's number: clients that came together do not leave together.
    let share = 1.0 - (number % 101) as f64 / 1_000.0;
    let lifetime = Duration::try_from_secs_f64(lifetime.as_secs_f64() * share).ok()?;
    now.checked_add(lifetime)
}

/// What a session waits for beside its client, for as long as it lasts: one entry in the timer's wheel, and one in the list
/// of those who are told that the server stops.
struct Watch<'a, 'b> {
    alarm: Pin<&'a mut Sleep>,
    closing: Pin<&'a mut WaitForCancellationFuture<'b>>,
}

/// What was waited for.
enum Event {
    Received(Option<Result<Message, WsError>>),
    Stopping,
    Alarm,
}

impl Watch<'_, '_> {
    /// Waits for the client, the signal to stop or the alarm; for the signal only until it was seen.
    async fn event(&mut self, socket: &mut Socket, leaving: bool) -> Event {
        poll_fn(|cx| {
            if let Poll::Ready(received) = socket.poll_next(cx) {
                return Poll::Ready(Event::Received(received));
            }
            if !leaving && self.closing.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Event::Stopping);
            }
            self.alarm.as_mut().poll(cx).map(|()| Event::Alarm)
        })
        .await
    }

    /// Sees to it that the alarm rings no later than `due`. One that rings early is left alone until it does: that is
    /// cheaper than to set it for every message.
    fn by(&mut self, due: Instant) {
        if self.alarm.is_elapsed() || due < self.alarm.deadline() {
            self.alarm.as_mut().reset(due);
        }
    }
}

/// Returns the moment `span` after `now`, or one that never comes.
fn after(now: Instant, span: Duration) -> Instant {
    const NEVER: Duration = Duration::from_hours(24 * 365 * 30);
    now.checked_add(span).unwrap_or(now + NEVER)
}

/// Waits for a message; pings a silent client and gives up on one that stays silent.
async fn next(socket: &mut Socket, shared: &Shared, client: &mut Client, watch: &mut Watch<'_, '_>) -> Next {
    let silence = shared.settings.idle;
    let (mut due, mut pinged) = (after(Instant::now(), silence), false);
    loop {
        watch.by(client.until.map_or(due, |until| until.min(due)));
        // The turn to leave comes for busy clients too, whose socket is always ready first.
        if client.until.is_some_and(|until| until <= Instant::now()) {
            return Next::Close(AWAY);
        }
        if !client.leaving && shared.closing.is_cancelled() {
            leave(client, shared);
            continue;
        }
        match watch.event(socket, client.leaving).await {
            Event::Received(received) => match sorted(received) {
                // The library answers pings by itself, with the same payload.
                Next::Message(Message::Ping(_) | Message::Pong(_)) => {
                    (due, pinged) = (after(Instant::now(), silence), false);
                }
                next => return next,
            },
            Event::Stopping => leave(client, shared),
            Event::Alarm if Instant::now() < due => {}
            Event::Alarm if pinged => return Next::Close(AWAY),
            Event::Alarm => {
                (due, pinged) = (after(Instant::now(), silence), true);
                if !send(socket, shared, Message::Ping(Vec::new().into())).await {
                    return Next::Left;
                }
            }
        }
    }
}

/// Gives a client its turn to leave a stopping server; until it comes, the client is served as ever.
fn leave(client: &mut Client, shared: &Shared) {
    client.leaving = true;
    let turn = Instant::now() + turn(shared);
    client.until = Some(client.until.map_or(turn, |until| until.min(turn)));
}

/// Returns how long this session waits to be closed by a stopping server.
fn turn(shared: &Shared) -> Duration {
    let turn = shared.turns.fetch_add(1, Ordering::Relaxed) as f64;
    let wait = Duration::from_secs_f64(turn / f64::from(shared.settings.closes_per_second.max(1)));
    // Half of the grace is for answers under way.
    wait.min(shared.settings.grace / 2)
}

pub(crate) fn sorted(received: Option<Result<Message, WsError>>) -> Next {
    match received {
        None
        | Some(
            Ok(Message::Close(_)) | Err(WsError::ConnectionClosed | WsError::AlreadyClosed | WsError::Io(_)),
        ) => Next::Left,
        Some(Ok(message)) => Next::Message(message),
        Some(Err(WsError::Capacity(_))) => Next::Close(TOO_BIG),
        Some(Err(WsError::Utf8(_))) => Next::Close(INVALID_TEXT),
        Some(Err(_)) => Next::Close(PROTOCOL),
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
    /// Those of them that a judgement may name, when a record is kept.
    recent: Recent,
    /// When it has been here long enough.
    until: Option<Instant>,
    /// Whether it was told its turn to leave a stopping server.
    leaving: bool,
}

impl Client {
    fn request(&self, question: u32, shared: &Shared) -> RequestId {
        RequestId {
            run: shared.recording.as_ref().map(|recording| recording.run),
            connection: self.number,
            question,
        }
    }
}

/// Reads a message and does what takes no time; nothing is due on what is no message of the protocol.
fn step(message: Message, client: &mut Client, shared: &Shared) -> Option<Step> {
    match message {
        Message::Text(text) => Some(reply_to(text.as_str(), client, shared)),
        Message::Binary(_) => {
            shared.metrics.message(Kind::Invalid);
            Some(Step::Reply(error(&Word::Binary, shared)))
        }
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => None,
    }
}

/// Answers a question, and watches the connection meanwhile.
async fn answer(
    mut asked: Asked,
    waiting: &mut VecDeque<Message>,
    socket: &mut Socket,
    shared: &Shared,
) -> Result<Reply, Next> {
    let (id, stream) = (asked.id.take(), asked.stream);
    let writing = shared.pool.write(asked.assistant, &asked.question, asked.asker);
    let (mut growing, being_written) = match writing {
        Some(Writing { shown, answer }) => (stream.then(|| Growing::new(shown)), Some(answer)),
        None => (None, None),
    };
    let mut made = pin!(ask(asked, being_written, shared));
    loop {
        let held: usize = waiting.iter().map(size).sum();
        let room =
            waiting.len() < shared.settings.messages_in_flight && held < shared.settings.max_message_bytes;
        tokio::select! {
            biased;
            mut reply = made.as_mut() => {
                let shown = growing.as_ref().map_or(0, Growing::shown);
                if stream && !deltas(socket, shared, &reply, shown, id.as_ref()).await {
                    return Err(Next::Left);
                }
                reply.id = id;
                return Ok(reply);
            }
            text = grown(&mut growing) => {
                if !delta(socket, shared, text, id.as_ref()).await {
                    return Err(Next::Left);
                }
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
        Message::Close(_) | Message::Frame(_) => 0,
    }
}

pub(crate) async fn send(socket: &mut Socket, shared: &Shared, message: Message) -> bool {
    let mut sending = pin!(socket.send(message));
    // Most replies fit into the system's buffer, and need no clock.
    let sent = match poll_fn(|cx| Poll::Ready(sending.as_mut().poll(cx))).await {
        Poll::Ready(sent) => Ok(sent),
        Poll::Pending => timeout(shared.settings.write_deadline, sending).await,
    };
    matches!(sent, Ok(Ok(())))
}

pub(crate) async fn close(socket: &mut Socket, shared: &Shared, code: u16) {
    shared.metrics.closed(code);
    let frame = CloseFrame {
        code: code.into(),
        reason: "".into(),
    };
    // Whoever breaks the rules need not be waited for; the socket reads on by itself, so that the frame arrives.
    if send(socket, shared, Message::Close(Some(frame))).await && code == AWAY {
        finish(socket, shared).await;
    }
}

/// Waits for the client's goodbye, and lets one that gives none go without a further wait.
pub(crate) async fn finish(socket: &mut Socket, shared: &Shared) {
    let rest = async { while let Some(Ok(_)) = socket.next().await {} };
    let moment = shared.settings.write_deadline.min(Duration::from_secs(1));
    if timeout(moment, rest).await.is_err() {
        socket.forgo();
    }
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
    asker: Asker,
}

enum Step {
    /// A reply that was written before.
    Ready(Utf8Bytes),
    Reply(Reply),
    Ask(Asked),
}

/// Reads one message and does what takes no time.
fn reply_to(text: &str, client: &mut Client, shared: &Shared) -> Step {
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
        Ok(ClientMessage::GetAssistants) if id.is_none() => {
            return Step::Ready(shared.list.of(shared.engine.assistants()));
        }
        Ok(ClientMessage::GetAssistants) => list(&shared.engine.assistants()),
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
            if let Some(recording) = &shared.recording
                && let Some(question) = client.recent.meant(id.as_ref(), client.questions)
            {
                recording
                    .recorder
                    .judged(client.request(question, shared), helpful);
            }
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
                if shared.recording.is_some() {
                    client.recent.asked(id.as_ref(), client.questions);
                }
                return Step::Ask(Asked {
                    assistant,
                    question,
                    sources,
                    stream,
                    id,
                    request: client.request(client.questions, shared),
                    asker: Asker {
                        connection: client.number,
                        address: client.place.address(),
                    },
                });
            }
        },
    };
    reply.id = id;
    Step::Reply(reply)
}

fn list(assistants: &[Assistant]) -> Reply {
    let entry = |one: &Assistant| AssistantEntry {
        id: one.id.0,
        name: one.name.clone(),
        description: one.description.clone(),
    };
    ServerMessage::AssistantList {
        assistants: assistants.iter().map(entry).collect(),
    }
    .into()
}

/// The list of assistants as it was last written: every client asks for it, and it changes with the index.
#[derive(Default)]
pub(crate) struct List(Mutex<Option<(Arc<[Assistant]>, Utf8Bytes)>>);

impl List {
    fn of(&self, assistants: Arc<[Assistant]>) -> Utf8Bytes {
        // Both halves are replaced at once.
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*written {
            Some((same, text)) if Arc::ptr_eq(same, &assistants) => text.clone(),
            _ => {
                let text = Utf8Bytes::from(list(&assistants).to_json());
                *written = Some((assistants, text.clone()));
                text
            }
        }
    }
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
    /// What is kept of it, when a record is kept.
    record: Option<Record>,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if let (Some(recording), Some(record)) = (&self.shared.recording, self.record.take()) {
            recording.end(record, self.outcome, self.begun.into_std());
        }
        self.shared.metrics.ended(self.outcome);
        self.shared.metrics.took(self.begun.elapsed());
    }
}

/// Makes the answer on a blocking thread. Dropped, it gives up its place in the queue, or tells the engine to stop.
async fn ask(asked: Asked, being_written: Option<WrittenAnswer>, shared: &Shared) -> Reply {
    let Asked {
        assistant,
        question,
        sources,
        stream: _,
        id: _,
        request,
        asker: _,
    } = asked;
    let chars = question.chars().count();
    let mut ending = Ending {
        shared,
        begun: Instant::now(),
        outcome: Ended::Abandoned,
        record: shared
            .recording
            .as_ref()
            .map(|recording| recording.begin(request, assistant, &question)),
    };
    let made = if let Some(made) = shared.pool.at_once(assistant, &question) {
        Ok(Ok(made.map(quoted)))
    } else if let Some(answer) = being_written {
        timeout(shared.settings.answer_deadline, Guarded(answer)).await
    } else {
        let made = shared.pool.answer(assistant, question);
        let made = timeout(shared.settings.answer_deadline, made).await;
        made.map(|made| made.map(|made| made.map(quoted)))
    };
    let (outcome, reply) = match made {
        Ok(Ok(Ok((answer, part)))) => {
            if let Some(record) = &mut ending.record {
                record.cite(&answer);
                record.part = part;
            }
            let outcome = match answer.outcome {
                Outcome::Answered => Ended::Answered,
                Outcome::Offered => Ended::Offered,
                Outcome::Fallback => Ended::Fallback,
                Outcome::Courtesy => Ended::Courtesy,
            };
            (outcome, answered(answer, sources, assistant, shared))
        }
        Ok(Ok(Err(EngineError::UnknownAssistant))) => {
            (Ended::Refused, error(&Word::UnknownAssistant, shared))
        }
        Ok(Ok(Err(EngineError::Unavailable(cause)))) => {
            tracing::error!(%request, %cause, "no answer could be made");
            (Ended::Failed, error(&Word::NoAnswer(&request), shared))
        }
        Ok(Err(Unmade::Full)) => {
            let seconds = BUSY_SECONDS;
            (Ended::Busy, error(&Word::Busy { seconds }, shared))
        }
        Ok(Err(Unmade::Panicked)) => unmade(Ended::Panicked, request, shared),
        Err(_) => unmade(Ended::TimedOut, request, shared),
    };
    ending.outcome = outcome;
    tracing::debug!(%request, ?outcome, took_ms = ending.begun.elapsed().as_millis() as u64, chars, "a question ended");
    reply
}

/// An answer that no model could have had a part in.
fn quoted(answer: Answer) -> (Answer, Option<Part>) {
    (answer, None)
}

/// An answer being written, whose panic costs this question only.
struct Guarded(WrittenAnswer);

impl Future for Guarded {
    type Output = Result<Result<(Answer, Option<Part>), EngineError>, Unmade>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(made) => made.map(|made| Ok(made.map(|(answer, part)| (answer, Some(part))))),
            // It is not polled again: the session lets go of it.
            Err(_) => Poll::Ready(Err(Unmade::Panicked)),
        }
    }
}

/// Tells the log and the client, by the same number, that there is no answer.
fn unmade(why: Ended, request: RequestId, shared: &Shared) -> (Ended, Reply) {
    tracing::error!(%request, ?why, "no answer could be made");
    (why, error(&Word::NoAnswer(&request), shared))
}

/// When to come back to a full queue: by then it has been worked off many times over, or the trouble is elsewhere.
const BUSY_SECONDS: u64 = 5;

fn answered(answer: Answer, sources: bool, assistant: AssistantId, shared: &Shared) -> Reply {
    let Answer {
        text,
        outcome: _,
        sources: found,
    } = answer;
    let entries = found.into_iter().map(|source| SourceEntry {
        url: shared.settings.sources.then(|| sources::url(assistant, &source)),
        n: source.number as u64,
        quote: source.quoted(),
        document: source.title.to_string(),
        section: source.section,
        page: source.page,
    });
    ServerMessage::Answer {
        message: text,
        sources: sources.then(|| entries.collect()),
    }
    .into()
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
