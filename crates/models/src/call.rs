//! One call through the endpoints: in order of preference, with repetitions where they help, up to the deadline.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout_at};

use crate::endpoint::Endpoint;
use crate::error::{ModelError, Stage};
use crate::key::Secret;
use crate::link::{Link, Pass};
use crate::probe::Probe;
use crate::retry::{Dice, backoff};

/// A deadline that left an endpoint less than this says nothing about the endpoint.
const FAIR: Duration = Duration::from_secs(1);

/// What is asked of an endpoint.
pub(crate) trait Ask: Sync {
    /// What comes back.
    type Answer: Send;

    /// Asks once; returns when the answer has begun and nothing can be repeated any more.
    fn attempt(
        &self,
        link: &Link,
        secret: Option<&Secret>,
        deadline: Instant,
    ) -> impl Future<Output = Result<Self::Answer, ModelError>> + Send;
}

/// The endpoints of one model, the preferred one first.
#[derive(Debug)]
pub(crate) struct Links {
    links: Vec<Arc<Link>>,
    dice: Dice,
}

impl Links {
    pub(crate) fn new(endpoints: Vec<Endpoint>) -> Result<Self, ModelError> {
        if endpoints.is_empty() {
            return Err(ModelError::Misconfigured {
                endpoint: "a model".to_owned(),
                reason: "no endpoint is given".to_owned(),
            });
        }
        let links = endpoints
            .into_iter()
            .map(|endpoint| Link::new(endpoint).map(Arc::new));
        Ok(Self {
            links: links.collect::<Result<_, _>>()?,
            dice: Dice::fair(),
        })
    }

    pub(crate) fn set_dice(&mut self, dice: Dice) {
        self.dice = dice;
    }

    pub(crate) fn links(&self) -> &[Arc<Link>] {
        &self.links
    }

    /// Asks the endpoints in turn until one answers.
    ///
    /// # Errors
    ///
    /// The failure of the last one that was asked. A prompt that is too long ends the walk, since the caller can cut it.
    pub(crate) async fn call<A: Ask>(
        &self,
        ask: &A,
        deadline: Instant,
    ) -> Result<(A::Answer, Pass), ModelError> {
        let mut failure: Option<ModelError> = None;
        for (number, link) in self.links.iter().enumerate() {
            let is_last = number + 1 == self.links.len();
            match self
                .at(link, ask, link.endpoint.max_retries, is_last, deadline)
                .await
            {
                Ok(answer) => return Ok(answer),
                Err(error @ ModelError::ContextExceeded { .. }) => return Err(error),
                Err(error) => failure = Some(worse(failure, error)),
            }
            if deadline <= Instant::now() {
                break;
            }
        }
        Err(failure.expect("there is an endpoint"))
    }

    /// Asks one endpoint, without repetitions.
    pub(crate) async fn once<A: Ask>(
        &self,
        link: &Arc<Link>,
        ask: &A,
        deadline: Instant,
    ) -> Result<(A::Answer, Pass), ModelError> {
        self.at(link, ask, 0, true, deadline).await
    }

    /// Asks each endpoint once; `tell` notes what there is to say of an answer.
    pub(crate) async fn probe<A: Ask>(
        &self,
        ask: &A,
        deadline: Instant,
        tell: impl Fn(&A::Answer, &mut Probe),
    ) -> Vec<Probe> {
        let mut probes = Vec::new();
        for link in &self.links {
            let begun = Instant::now();
            let outcome = self.once(link, ask, deadline).await;
            let latency = begun.elapsed();
            probes.push(match outcome {
                Ok((answer, pass)) => {
                    pass.succeeded();
                    let mut probe = Probe::new(link, latency, None);
                    tell(&answer, &mut probe);
                    probe
                }
                Err(error) => Probe::new(link, latency, Some(error)),
            });
        }
        probes
    }

    async fn at<A: Ask>(
        &self,
        link: &Arc<Link>,
        ask: &A,
        retries: u32,
        is_last: bool,
        deadline: Instant,
    ) -> Result<(A::Answer, Pass), ModelError> {
        let mut repeated = 0;
        let mut renewed = false;
        loop {
            // Where another endpoint may be free, a place is not waited for longer than a connection.
            let patience = if is_last {
                deadline
            } else {
                deadline.min(Instant::now() + link.endpoint.connect_timeout)
            };
            let pass = link.enter(patience).await?;
            let begun = Instant::now();
            let secret = match link.keyring.secret(deadline).await {
                Ok(secret) => secret,
                Err(error) => {
                    pass.failed(&error, error.blames_endpoint());
                    return Err(error);
                }
            };
            let attempt = timeout_at(deadline.into(), ask.attempt(link, secret.as_ref(), deadline)).await;
            let error = match attempt {
                Ok(Ok(answer)) => return Ok((answer, pass)),
                Ok(Err(error)) => error,
                Err(_) => ModelError::timed_out(Stage::Deadline),
            };
            if let (ModelError::Refused { status: 401 }, Some(secret), false) = (&error, &secret, renewed)
                && link.keyring.renew(secret).await
            {
                renewed = true;
                continue;
            }
            let out_of_time = matches!(
                error,
                ModelError::TimedOut {
                    stage: Stage::Deadline
                }
            );
            let blamed = error.blames_endpoint() || (out_of_time && begun.elapsed() >= FAIR);
            pass.failed(&error, blamed);
            if repeated == retries || !error.may_pass() {
                return Err(error);
            }
            let told = match error {
                ModelError::Overloaded { retry_after, .. } => retry_after,
                _ => None,
            };
            // Another endpoint may be free at once.
            if told.is_some() && !is_last {
                return Err(error);
            }
            // Those who were told the same second must not come back in it together.
            let wait = told
                .unwrap_or_default()
                .saturating_add(backoff(repeated, &self.dice));
            if wait >= deadline.saturating_duration_since(Instant::now()) {
                return Err(error);
            }
            sleep(wait).await;
            repeated += 1;
        }
    }
}

/// Keeps the failure that tells more: an endpoint that was not asked tells the least, and the earliest return counts.
fn worse(before: Option<ModelError>, now: ModelError) -> ModelError {
    match (before, now) {
        (
            Some(ModelError::CircuitOpen { retry_after: before }),
            ModelError::CircuitOpen { retry_after: now },
        ) => ModelError::CircuitOpen {
            retry_after: before.min(now),
        },
        (Some(before), ModelError::CircuitOpen { .. }) => before,
        (_, now) => now,
    }
}
