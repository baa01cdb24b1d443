//! Chat completions, streamed.

use std::fmt;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tokio::time::timeout_at;

use crate::call::{Ask, Links};
use crate::endpoint::Endpoint;
use crate::error::{ModelError, Stage};
use crate::key::Secret;
use crate::link::{Link, Pass};
use crate::probe::Probe;
use crate::refusal::judge_object;
use crate::retry::Dice;
use crate::sse::{Decoder, SseError};
use crate::wire::Response;

/// The longest event: a token has some bytes, its envelope some hundred.
const EVENT: usize = 256 << 10;
/// Room in a stream for what is not tokens: comments that keep it alive, the first and the last event.
const STREAM: usize = 1 << 20;
/// What a token may cost of a stream: the envelope of the most talkative servers with log probabilities off.
const TOKEN: usize = 4 << 10;
/// How long the count of tokens is waited for once the answer is complete.
const AFTER_FINISH: Duration = Duration::from_secs(1);
/// How long the end of the body is waited for after `[DONE]`, so that the connection can be used again.
const AFTER_DONE: Duration = Duration::from_millis(100);

/// What is asked.
#[derive(Clone)]
pub struct ChatRequest {
    /// The instructions; empty leaves the message out.
    pub system: String,
    /// The question with what belongs to it.
    pub user: String,
    /// The most tokens to write.
    pub max_tokens: u32,
    /// 0 for the likeliest words.
    pub temperature: f32,
    /// The JSON schema that the answer must have, where the server can; it is asked without where it cannot.
    pub schema: Option<Value>,
}

impl fmt::Debug for ChatRequest {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Questions and documents are nobody's business in a log.
        to.debug_struct("ChatRequest")
            .field("max_tokens", &self.max_tokens)
            .field("has_schema", &self.schema.is_some())
            .finish_non_exhaustive()
    }
}

/// Tokens as the server counted them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Of the prompt.
    pub prompt: u64,
    /// Of the answer.
    pub completion: u64,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The model was done.
    Stop,
    /// It reached `max_tokens` or the end of its context.
    Length,
    /// A filter of the server stepped in.
    Filtered,
    /// The server says something else, or nothing.
    Other,
}

/// A chat model behind one or several endpoints.
#[derive(Debug)]
pub struct Chat {
    links: Links,
}

impl Chat {
    /// Makes a client of `endpoints`, the preferred one first; nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ModelError::Misconfigured`] when an endpoint can never work.
    pub fn new(endpoints: Vec<Endpoint>) -> Result<Self, ModelError> {
        Ok(Self {
            links: Links::new(endpoints)?,
        })
    }

    /// Takes other dice for the waits between repetitions.
    #[must_use]
    pub fn with_dice(mut self, dice: Dice) -> Self {
        self.links.set_dice(dice);
        self
    }

    /// Asks, and returns once the first words are there.
    ///
    /// Up to then failures are repeated and endpoints changed as their settings say. `deadline` holds for the whole reply.
    ///
    /// # Errors
    ///
    /// What the last endpoint said, as a [`ModelError`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future, or the reply, closes the connection, which ends the call at the server.
    pub async fn start(&self, request: &ChatRequest, deadline: Instant) -> Result<ChatReply, ModelError> {
        let (opened, pass) = self.links.call(&Asked { request }, deadline).await?;
        Ok(ChatReply::new(opened, pass))
    }

    /// Has each endpoint say a few words.
    pub async fn probe(&self, deadline: Instant) -> Vec<Probe> {
        let request = ChatRequest {
            system: String::new(),
            user: "Say yes.".to_owned(),
            max_tokens: 16,
            temperature: 0.0,
            schema: None,
        };
        let ask = Asked { request: &request };
        let mut probes = Vec::new();
        for link in self.links.links() {
            let begun = Instant::now();
            let opened = self.links.once(link, &ask, deadline).await;
            let first_token = begun.elapsed();
            let outcome = match opened {
                Ok((opened, pass)) => ChatReply::new(opened, pass).whole().await,
                Err(error) => Err(error),
            };
            let mut probe = Probe::new(link, begun.elapsed(), outcome.as_ref().err().cloned());
            if let Ok((text, usage)) = outcome {
                probe.first_token = Some(first_token);
                probe.tokens = usage.map(|usage| usage.completion);
                probe.example = Some(text);
            }
            probes.push(probe);
        }
        probes
    }
}

struct Asked<'a> {
    request: &'a ChatRequest,
}

impl Asked<'_> {
    fn body(&self, structured: bool) -> Map<String, Value> {
        let request = self.request;
        let mut messages = Vec::new();
        if !request.system.is_empty() {
            messages.push(json!({ "role": "system", "content": request.system }));
        }
        messages.push(json!({ "role": "user", "content": request.user }));
        let mut body = Map::new();
        body.insert("messages".to_owned(), messages.into());
        body.insert("max_tokens".to_owned(), request.max_tokens.into());
        body.insert("temperature".to_owned(), tidy(request.temperature).into());
        body.insert("stream".to_owned(), true.into());
        body.insert("stream_options".to_owned(), json!({ "include_usage": true }));
        if let (Some(schema), true) = (&request.schema, structured) {
            let format = json!({
                "type": "json_schema",
                "json_schema": { "name": "answer", "strict": true, "schema": schema }
            });
            body.insert("response_format".to_owned(), format);
        }
        body
    }

    async fn open(
        &self,
        link: &Link,
        secret: Option<&Secret>,
        structured: bool,
        deadline: Instant,
    ) -> Result<Opened, ModelError> {
        let clock = Clock::new(&link.endpoint, deadline);
        let sent = link.send(
            "chat/completions",
            self.body(structured),
            secret,
            "text/event-stream",
        );
        let response = clock.hold(sent).await??;
        let budget = STREAM.saturating_add(TOKEN.saturating_mul(self.request.max_tokens as usize));
        let mut decoder = Decoder::new(EVENT, budget);
        let kind = response.header("content-type").map(<[u8]>::to_vec);
        let response = match kind {
            // Servers that forget to name the type stream all the same; pages of proxies do not.
            None => Some(response),
            Some(kind) if kind.starts_with(b"text/event-stream") => Some(response),
            // Some gateways do not stream whatever they are asked.
            Some(kind) if kind.starts_with(b"application/json") => {
                let mut whole = Vec::new();
                clock.hold(response.gather(&mut whole, EVENT)).await??;
                decoder.push_event(whole).map_err(from_sse)?;
                None
            }
            Some(_) => return Err(ModelError::garbage("it is not a stream of events")),
        };
        let mut stream = Stream {
            response,
            decoder,
            clock,
            done: false,
            spoke: false,
            finish: None,
            usage: None,
        };
        let first = stream.text().await?;
        Ok(Opened { stream, first })
    }
}

impl Ask for Asked<'_> {
    type Answer = Opened;

    async fn attempt(
        &self,
        link: &Link,
        secret: Option<&Secret>,
        deadline: Instant,
    ) -> Result<Opened, ModelError> {
        let structured = self.request.schema.is_some() && link.is_structured();
        let opened = self.open(link, secret, structured, deadline).await;
        let refused = matches!(
            opened,
            Err(ModelError::Refused { status: 400 | 422 } | ModelError::Overloaded { status: 500, .. })
        );
        if !(structured && refused) {
            if structured && opened.is_ok() {
                link.structure_works();
            }
            return opened;
        }
        let opened = self.open(link, secret, false, deadline).await?;
        // Only now is it known that the form was what the server did not like.
        link.give_up_structure();
        Ok(opened)
    }
}

/// Returns the number that was meant: 0.2 as f32 is 0.20000000298 as f64.
fn tidy(value: f32) -> f64 {
    (f64::from(value) * 1_000.0).round() / 1_000.0
}

/// The limits of time of one attempt.
#[derive(Debug)]
struct Clock {
    /// When the next token must be there, and what it is if it is not.
    next: (Instant, Stage),
    idle: Duration,
    end: (Instant, Stage),
}

impl Clock {
    fn new(endpoint: &Endpoint, deadline: Instant) -> Self {
        let now = Instant::now();
        let total = (now + endpoint.total_timeout, Stage::Total);
        Self {
            next: (now + endpoint.first_token_timeout, Stage::FirstToken),
            idle: endpoint.idle_timeout,
            end: if total.0 < deadline {
                total
            } else {
                (deadline, Stage::Deadline)
            },
        }
    }

    fn token_came(&mut self) {
        self.next = (Instant::now() + self.idle, Stage::Idle);
    }

    /// Brings the next limit nearer; what was to come is no longer essential.
    fn hurry(&mut self, wait: Duration) {
        let end = Instant::now() + wait;
        if end < self.next.0 {
            self.next = (end, Stage::Idle);
        }
    }

    async fn hold<T>(&self, work: impl Future<Output = T>) -> Result<T, ModelError> {
        let (end, stage) = if self.next.0 < self.end.0 {
            self.next
        } else {
            self.end
        };
        timeout_at(end.into(), work)
            .await
            .map_err(|_| ModelError::timed_out(stage))
    }
}

/// An attempt that has begun to answer.
pub(crate) struct Opened {
    stream: Stream,
    first: Option<String>,
}

/// The events of one answer.
struct Stream {
    /// `None` once the body has ended.
    response: Option<Response>,
    decoder: Decoder,
    clock: Clock,
    done: bool,
    spoke: bool,
    finish: Option<Finish>,
    usage: Option<Usage>,
}

impl Stream {
    /// Returns the next text, or `None` at the end.
    async fn text(&mut self) -> Result<Option<String>, ModelError> {
        loop {
            while let Some(event) = self.decoder.next() {
                if let Some(text) = self.take(&event)? {
                    self.spoke = true;
                    return Ok(Some(text));
                }
            }
            let Some(response) = &mut self.response else {
                return self.judge_end().map(|()| None);
            };
            let complete = self.done || self.finish.is_some();
            match self.clock.hold(response.chunk()).await {
                Ok(Ok(Some(bytes))) => self.decoder.push(&bytes).map_err(from_sse)?,
                Ok(Ok(None)) => {
                    self.response = None;
                    self.decoder.end().map_err(from_sse)?;
                }
                // All that matters is there; a server that now dawdles or breaks takes nothing from it.
                Ok(Err(_)) | Err(_) if complete => self.response = None,
                Ok(Err(_)) => return Err(ModelError::EndedEarly),
                Err(timeout) => return Err(timeout),
            }
        }
    }

    fn judge_end(&self) -> Result<(), ModelError> {
        match (self.finish, self.done, self.spoke) {
            (Some(_), _, _) | (None, true, true) => Ok(()),
            (None, true, false) => Err(ModelError::garbage("it holds no words and no reason for that")),
            (None, false, _) => Err(ModelError::EndedEarly),
        }
    }

    /// Takes an event; returns the text in it.
    fn take(&mut self, event: &str) -> Result<Option<String>, ModelError> {
        if self.done {
            return Ok(None);
        }
        if event.trim() == "[DONE]" {
            self.done = true;
            self.clock.hurry(AFTER_DONE);
            return Ok(None);
        }
        let event: Value = serde_json::from_str(event).map_err(|_| {
            // The last event of a body that was cut is half an event.
            if self.response.is_none() {
                ModelError::EndedEarly
            } else {
                ModelError::garbage("an event is not JSON")
            }
        })?;
        if let Some(error) = event.get("error").filter(|error| !error.is_null()) {
            return Err(judge_object(error));
        }
        if let Some(usage) = event.get("usage") {
            let count = |field| usage.get(field).and_then(Value::as_u64);
            if let (Some(prompt), Some(completion)) = (count("prompt_tokens"), count("completion_tokens")) {
                self.usage = Some(Usage { prompt, completion });
            }
        }
        let Some(choice) = event.pointer("/choices/0") else {
            return Ok(None);
        };
        let content = ["/delta/content", "/message/content"]
            .iter()
            .find_map(|place| choice.pointer(place));
        let text = match content {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()).filter(|text| !text.is_empty()),
            Some(_) => return Err(ModelError::garbage("what the model wrote is not text")),
        };
        // Thoughts are not shown, yet they show that the model is at work.
        let thinks = ["/delta/reasoning_content", "/delta/reasoning"]
            .iter()
            .filter_map(|field| choice.pointer(field))
            .any(|thought| !thought.is_null());
        if text.is_some() || thinks {
            self.clock.token_came();
        }
        if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str) {
            self.finish = Some(match reason {
                "stop" | "eos" => Finish::Stop,
                "length" => Finish::Length,
                // The second is GigaChat's word for the first.
                "content_filter" | "blacklist" => Finish::Filtered,
                _ => Finish::Other,
            });
            self.clock.hurry(AFTER_FINISH);
        }
        Ok(text)
    }
}

fn from_sse(error: SseError) -> ModelError {
    match error {
        SseError::TooLong { limit } => ModelError::TooLong { limit },
        SseError::NotText => ModelError::garbage("it is not UTF-8"),
    }
}

/// An answer on its way.
///
/// Dropping it closes the connection, which ends the call at the server.
pub struct ChatReply {
    first: Option<String>,
    stream: Option<Stream>,
    pass: Option<Pass>,
    usage: Option<Usage>,
    finish: Option<Finish>,
}

impl fmt::Debug for ChatReply {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The words of an answer stay out.
        to.debug_struct("ChatReply")
            .field("usage", &self.usage)
            .field("finish", &self.finish)
            .finish_non_exhaustive()
    }
}

impl ChatReply {
    fn new(opened: Opened, pass: Pass) -> Self {
        Self {
            first: opened.first,
            stream: Some(opened.stream),
            pass: Some(pass),
            usage: None,
            finish: None,
        }
    }

    /// Returns the text that comes next; `None` at the end and after a failure.
    ///
    /// # Cancel safety
    ///
    /// No text is lost when the future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<Result<String, ModelError>> {
        if let Some(text) = self.first.take() {
            return Some(Ok(text));
        }
        let outcome = self.stream.as_mut()?.text().await;
        if let Ok(Some(text)) = outcome {
            return Some(Ok(text));
        }
        let stream = self.stream.take()?;
        self.usage = stream.usage;
        self.finish = stream.finish.or(Some(Finish::Other)).filter(|_| outcome.is_ok());
        let pass = self.pass.take()?;
        match outcome {
            Ok(_) => {
                pass.succeeded();
                None
            }
            Err(error) => {
                pass.failed(&error, error.blames_endpoint());
                Some(Err(error))
            }
        }
    }

    /// Returns the count of tokens, once the end is reached and if the server counted.
    pub fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// Returns why the answer ended, once it has.
    pub fn finish(&self) -> Option<Finish> {
        self.finish
    }

    /// Reads the rest of the answer, for those who want it in one piece.
    ///
    /// # Errors
    ///
    /// The failure that broke it off; what came before is dropped.
    pub async fn whole(mut self) -> Result<(String, Option<Usage>), ModelError> {
        let mut whole = String::new();
        while let Some(text) = self.next().await {
            whole.push_str(&text?);
        }
        Ok((whole, self.usage))
    }
}
