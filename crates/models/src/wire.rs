//! HTTP below an endpoint: its address, its headers, its certificates. What stands here is left out with the feature `http`.
//!
//! Invariants: nothing is sent to another host than the one that was given; the only time limit held here is that for connecting.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Proxy, Url};

use crate::endpoint::Endpoint;
use crate::error::{ModelError, Stage};
use crate::key::{Key, Secret};

mod tls;

/// The way to one endpoint.
pub(crate) struct Wire {
    /// Host and port.
    name: String,
    client: Client,
    base: String,
    auth: Option<(HeaderName, String)>,
}

/// An answer whose head is there.
pub(crate) struct Response(reqwest::Response);

impl Wire {
    /// Checks what the settings say of the address and the headers; nothing is sent.
    pub(crate) fn new(endpoint: &Endpoint) -> Result<Self, ModelError> {
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
            client,
            auth,
        })
    }

    /// Returns host and port, which may be told and logged.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Sends a body of JSON.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: String,
        secret: Option<&Secret>,
        accept: &'static str,
    ) -> Result<Response, ModelError> {
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
        request.send().await.map(Response).map_err(sorted)
    }
}

impl Response {
    /// Returns the HTTP status.
    pub(crate) fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// Returns the value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.0.headers().get(name).map(HeaderValue::as_bytes)
    }

    /// Returns the bytes that come next; `None` at the end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<impl Deref<Target = [u8]> + use<>>, ModelError> {
        self.0.chunk().await.map_err(|_| ModelError::EndedEarly)
    }

    /// Reads the body up to `limit` bytes.
    pub(crate) async fn gather(mut self, into: &mut Vec<u8>, limit: usize) -> Result<(), ModelError> {
        while let Some(bytes) = self.chunk().await? {
            if into.len() + bytes.len() > limit {
                return Err(ModelError::TooLong { limit });
            }
            into.extend_from_slice(&bytes);
        }
        Ok(())
    }
}

/// Sorts a failure that came before any byte of the answer.
fn sorted(source: reqwest::Error) -> ModelError {
    if source.is_timeout() {
        // The one time limit that the library holds is that for connecting.
        return ModelError::timed_out(Stage::Connect);
    }
    ModelError::Unreachable {
        source: Arc::new(source.without_url()),
    }
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
