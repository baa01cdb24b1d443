//! What the operator says of one server.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::key::Key;

/// One OpenAI-compatible server and the model to ask there.
#[derive(Clone)]
pub struct Endpoint {
    /// Everything before `/chat/completions`, for example `http://127.0.0.1:8080/v1`.
    pub base_url: String,
    /// The model's name as the server knows it; empty leaves the field out.
    pub model: String,
    /// What opens the server.
    pub key: Key,
    /// Where the key goes: a header's name, a colon and a value with `{key}` in it.
    pub auth_header: String,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// Further fields of the body; a field that is `null` here is left out of what would be sent.
    pub extra_body: Map<String, Value>,
    /// A file of certificates (PEM) that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// A proxy for this endpoint; none is taken from the environment.
    pub proxy: Option<String>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long the first token may take, counted from sending the request.
    pub first_token_timeout: Duration,
    /// How long a token may take after the one before.
    pub idle_timeout: Duration,
    /// How long one attempt may take in all.
    pub total_timeout: Duration,
    /// Repetitions after failures that may pass.
    pub max_retries: u32,
    /// Calls at once; others wait for a place.
    pub concurrency: usize,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Addresses, headers and further fields may hold keys, be it by mistake.
        to.debug_struct("Endpoint")
            .field("model", &self.model)
            .field("key", &self.key)
            .field("ca_file", &self.ca_file)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

impl Endpoint {
    /// Makes one with the usual limits and without a key.
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            model: model.into(),
            key: Key::None,
            auth_header: "Authorization: Bearer {key}".to_owned(),
            headers: Vec::new(),
            extra_body: Map::new(),
            ca_file: None,
            proxy: None,
            // A server across the world connects in a second; one that needs longer will not answer within 20 s.
            connect_timeout: Duration::from_secs(5),
            // Half of the 20 s after which a reader gets an answer without a model.
            first_token_timeout: Duration::from_secs(10),
            // The slowest useful models write a word a second.
            idle_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_mins(1),
            max_retries: 1,
            // What llama.cpp and Ollama serve side by side on one machine.
            concurrency: 4,
        }
    }

    /// Adds the extra fields to a body; theirs win, and `null` takes a field away.
    pub(crate) fn complete(&self, mut body: Map<String, Value>) -> Map<String, Value> {
        if !self.model.is_empty() {
            body.insert("model".to_owned(), self.model.clone().into());
        }
        for (field, value) in &self.extra_body {
            if value.is_null() {
                body.remove(field);
            } else {
                body.insert(field.clone(), value.clone());
            }
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn extra_fields_win_and_null_takes_a_field_away() {
        let mut endpoint = Endpoint::new("http://localhost/v1", "м");
        endpoint.extra_body = serde_json::from_value(json!({
            "max_tokens": null, "max_completion_tokens": 7, "temperature": 1
        }))
        .unwrap();
        let body = serde_json::from_value(json!({ "max_tokens": 700, "temperature": 0 })).unwrap();
        let expected = json!({ "model": "м", "max_completion_tokens": 7, "temperature": 1 });
        assert_eq!(Value::from(endpoint.complete(body)), expected);
    }
}
