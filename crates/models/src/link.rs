//! One endpoint in use: its HTTP client, its key, its circuit breaker, its places, and what is known of its abilities.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Proxy, Response, Url};
use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{timeout, timeout_at};

use crate::breaker::{Breaker, Trial};
use crate::endpoint::Endpoint;
use crate::error::{ModelError, Stage};
use crate::key::{Key, Keyring, Secret};
use crate::refusal::judge;
use crate::retry::retry_after;
use crate::tls;

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
    client: Client,
    base: String,
    auth: Option<(HeaderName, String)>,
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
        let url = Url::parse(&endpoint.base_url);
        let name = match &url {
            Ok(url) => match (url.host_str(), url.port()) {
                (Some(host), Some(port)) => format!("{host}:{port}"),
                (Some(host), None) => host.to_owned(),
                (None, _) => "an address without a host".to_owned(),
            },
            Err(_) => "an address that is none".to_owned(),
        };
        let wrong = |reason: String| ModelError::Misconfigured {
            endpoint: name.clone(),
            reason,
        };
        let url = url.map_err(|error| wrong(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong(
                "the address does not begin with http:// or https://".to_owned(),
            ));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
            return Err(wrong(
                "the address holds a name, a password or a question mark; keys have settings of their own"
                    .to_owned(),
            ));
        }
        endpoint.key.check().map_err(wrong)?;
        let auth = match endpoint.key {
            Key::None => None,
            _ => Some(header_for_key(&endpoint.auth_header).map_err(wrong)?),
        };
        let mut headers = HeaderMap::new();
        for (header, value) in &endpoint.headers {
            let name = HeaderName::try_from(header).map_err(|_| wrong(format!("«{header}» is no header")))?;
            let mut value = HeaderValue::try_from(value)
                .map_err(|_| wrong(format!("the value of the header {name} cannot be sent")))?;
            // Some services take the key under a header of their own.
            value.set_sensitive(true);
            headers.append(name, value);
        }
        let tls = tls::config(url.scheme() == "https", endpoint.ca_file.as_deref()).map_err(wrong)?;
        let mut client = Client::builder()
            .tls_backend_preconfigured(tls)
            .default_headers(headers)
            // No key and no question to another host than the one that was given.
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(endpoint.connect_timeout)
            // Below the 5 s after which llama.cpp and vLLM close an idle connection, maybe under a question.
            .pool_idle_timeout(Duration::from_secs(4))
            // Streams of small events must not wait for one another.
            .tcp_nodelay(true)
            .user_agent(concat!("docent/", env!("CARGO_PKG_VERSION")));
        if let Some(proxy) = &endpoint.proxy {
            let proxy = Proxy::all(proxy).map_err(|_| wrong("the proxy's address is none".to_owned()))?;
            client = client.proxy(proxy);
        }
        let client = client
            .build()
            .map_err(|error| wrong(error.without_url().to_string()))?;
        Ok(Self {
            base: endpoint.base_url.trim_end_matches('/').to_owned(),
            name,
            keyring: Keyring::new(endpoint.key.clone()),
            breaker: Breaker::new(),
            client,
            auth,
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
        let mut request = self
            .client
            .post(format!("{}/{path}", self.base))
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, accept)
            .body(body);
        if let (Some((name, template)), Some(secret)) = (&self.auth, secret) {
            let mut value =
                HeaderValue::try_from(template.replace("{key}", secret.reveal())).map_err(|_| {
                    ModelError::NoKey {
                        reason: "it holds letters that no header can".to_owned(),
                    }
                })?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(ModelError::from_transport)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let wait = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| retry_after(value, SystemTime::now()));
        let mut text = Vec::new();
        // Whatever came in time is looked at; a cut or a pause changes nothing.
        let _ = timeout(REFUSAL_WAIT, gather(response, &mut text, REFUSAL)).await;
        Err(judge(status.as_u16(), &text, wait))
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
            gather(response, &mut text, ANSWER).await?;
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

/// Reads a body up to `limit` bytes.
pub(crate) async fn gather(
    mut response: Response,
    into: &mut Vec<u8>,
    limit: usize,
) -> Result<(), ModelError> {
    while let Some(bytes) = response.chunk().await.map_err(|_| ModelError::EndedEarly)? {
        if into.len() + bytes.len() > limit {
            return Err(ModelError::TooLong { limit });
        }
        into.extend_from_slice(&bytes);
    }
    Ok(())
}

fn header_for_key(template: &str) -> Result<(HeaderName, String), String> {
    let (name, value) = template
        .split_once(':')
        .filter(|(_, value)| value.contains("{key}"))
        .ok_or("the header for the key is not of the form «Authorization: Bearer {key}»")?;
    let name =
        HeaderName::try_from(name.trim()).map_err(|_| "the header for the key has no name of a header")?;
    Ok((name, value.trim().to_owned()))
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
