//! One endpoint in use: its key, its circuit breaker, its places, and what is known of its abilities.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{timeout, timeout_at};

use crate::breaker::{Breaker, Trial};
use crate::endpoint::Endpoint;
use crate::error::{ModelError, Stage};
use crate::key::{Keyring, Secret};
use crate::refusal::judge;
use crate::retry::retry_after;
use crate::wire::{Response, Wire};

/// What is read of the text beside a refusal: the words looked for stand at its beginning.
const REFUSAL: usize = 16 << 10;
/// How long that text may take, which comes with its head; without it the status alone is judged.
const REFUSAL_WAIT: Duration = Duration::from_millis(250);
/// The largest answer of embeddings or scores: 32 vectors of 8,192 values written as text have 4 MB.
const ANSWER: usize = 16 << 20;

/// No call is waited for longer, whatever the settings say; a clock cannot count to their largest number.
const LONGEST: Duration = Duration::from_hours(24);

/// See the module's documentation.
pub(crate) struct Link {
    pub(crate) endpoint: Endpoint,
    /// Host and port, which may be told and logged.
    pub(crate) name: String,
    pub(crate) keyring: Keyring,
    pub(crate) breaker: Breaker,
    wire: Wire,
    places: Arc<Semaphore>,
    structured: AtomicBool,
    structure_worked: AtomicBool,
    plain_texts: AtomicBool,
}

impl fmt::Debug for Link {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} ({:?})", self.name, self.endpoint)
    }
}

/// What a call holds while it runs.
#[derive(Debug)]
pub(crate) struct Pass {
    link: Arc<Link>,
    trial: Trial,
    _place: OwnedSemaphorePermit,
}

impl Link {
    /// Checks the settings and makes the client; nothing is sent.
    pub(crate) fn new(mut endpoint: Endpoint) -> Result<Self, ModelError> {
        for limit in [
            &mut endpoint.connect_timeout,
            &mut endpoint.first_token_timeout,
            &mut endpoint.idle_timeout,
            &mut endpoint.total_timeout,
        ] {
            *limit = (*limit).min(LONGEST);
        }
        let wire = Wire::new(&endpoint)?;
        Ok(Self {
            name: wire.name().to_owned(),
            keyring: Keyring::new(endpoint.key.clone()),
            breaker: Breaker::new(),
            wire,
            places: Arc::new(Semaphore::new(
                endpoint.concurrency.clamp(1, Semaphore::MAX_PERMITS),
            )),
            structured: AtomicBool::new(true),
            structure_worked: AtomicBool::new(false),
            plain_texts: AtomicBool::new(false),
            endpoint,
        })
    }

    /// Waits for a place, at most up to the deadline, unless the endpoint is being left alone.
    pub(crate) async fn enter(self: &Arc<Self>, deadline: Instant) -> Result<Pass, ModelError> {
        let closed = |retry_after| ModelError::CircuitOpen { retry_after };
        // Seen before the wait as well: nobody queues for a server that is not asked.
        if let Some(rest) = self.breaker.rests(Instant::now()) {
            return Err(closed(rest));
        }
        let place = timeout_at(deadline.into(), Arc::clone(&self.places).acquire_owned())
            .await
            .map_err(|_| ModelError::timed_out(Stage::Place))?
            .expect("the semaphore is never closed");
        let trial = self.breaker.enter(Instant::now()).map_err(closed)?;
        Ok(Pass {
            link: Arc::clone(self),
            trial,
            _place: place,
        })
    }

    /// Sends a body and returns the answer once its head is there and says that it is one.
    ///
    /// Has no limit of time but that for connecting.
    pub(crate) async fn send(
        &self,
        path: &str,
        body: Map<String, Value>,
        secret: Option<&Secret>,
        accept: &'static str,
    ) -> Result<Response, ModelError> {
        let body = Value::from(self.endpoint.complete(body)).to_string();
        let response = self.wire.post(path, body, secret, accept).await?;
        let status = response.status();
        if (200..300).contains(&status) {
            return Ok(response);
        }
        let wait = response
            .header("retry-after")
            .and_then(|value| retry_after(str::from_utf8(value).ok()?, SystemTime::now()));
        let mut text = Vec::new();
        // Whatever came in time is looked at; a cut or a pause changes nothing.
        let _ = timeout(REFUSAL_WAIT, response.gather(&mut text, REFUSAL)).await;
        Err(judge(status, &text, wait))
    }

    /// Sends a body and reads a whole answer in JSON.
    pub(crate) async fn ask(
        &self,
        path: &str,
        body: Map<String, Value>,
        secret: Option<&Secret>,
    ) -> Result<Value, ModelError> {
        timeout(self.endpoint.total_timeout, async {
            let response = self.send(path, body, secret, "application/json").await?;
            let mut text = Vec::new();
            response.gather(&mut text, ANSWER).await?;
            serde_json::from_slice(&text).map_err(|_| ModelError::garbage("it is not JSON"))
        })
        .await
        .map_err(|_| ModelError::timed_out(Stage::Total))?
    }

    /// Tells whether answers in a given form may be asked for.
    pub(crate) fn is_structured(&self) -> bool {
        self.structured.load(Ordering::Relaxed)
    }

    /// Remembers that this server can: a failure of its grammar from here on is a single one.
    pub(crate) fn structure_works(&self) {
        self.structure_worked.store(true, Ordering::Relaxed);
    }

    /// Remembers that this server cannot give answers in a given form, unless it did before.
    pub(crate) fn give_up_structure(&self) {
        if !self.structure_worked.load(Ordering::Relaxed) && self.structured.swap(false, Ordering::Relaxed) {
            tracing::warn!(endpoint = %self.name, "the model's server refuses answers in a given form; asked without from now on");
        }
    }

    /// Tells whether reranking takes `texts` (TEI) instead of `documents` (Jina, Cohere).
    pub(crate) fn takes_texts(&self) -> bool {
        self.plain_texts.load(Ordering::Relaxed)
    }

    pub(crate) fn set_takes_texts(&self, takes: bool) {
        self.plain_texts.store(takes, Ordering::Relaxed);
    }
}

impl Pass {
    /// The call did what it should.
    pub(crate) fn succeeded(self) {
        self.trial.succeeded();
    }

    /// The call failed; the breaker counts it when the endpoint is to blame.
    pub(crate) fn failed(self, error: &ModelError, blamed: bool) {
        let name = &self.link.name;
        tracing::debug!(endpoint = %name, error = %error, "a call to a model failed");
        let for_good = error.needs_a_person();
        if !blamed && !for_good {
            return;
        }
        if let Some(rest) = self.trial.failed(for_good, Instant::now()) {
            tracing::warn!(
                endpoint = %name,
                error = %error,
                rest_s = rest.as_secs(),
                "a model's server is left alone for a while"
            );
        }
    }
}
