//! What a server means by a status and the text beside it.
//!
//! The text is looked at for one thing, a prompt that is too long, because servers agree on neither status nor code for
//! it and the remedy (a shorter prompt) is the caller's. None of it is passed on.

use std::time::Duration;

use serde_json::Value;

use crate::error::ModelError;

/// Sorts an answer whose status is not 2xx, or an error that came inside a stream.
pub(crate) fn judge(status: u16, body: &[u8], retry_after: Option<Duration>) -> ModelError {
    if matches!(status, 400 | 413 | 422 | 500)
        && let Some(error) = too_long(body)
    {
        return error;
    }
    match status {
        413 => ModelError::ContextExceeded {
            needed: None,
            limit: None,
        },
        408 | 409 | 429 | 500 | 502 | 503 | 504 => ModelError::Overloaded { status, retry_after },
        _ => ModelError::Refused { status },
    }
}

/// Sorts the `error` object of a stream, where no status line stands beside it.
pub(crate) fn judge_object(error: &Value) -> ModelError {
    let code = error.get("code").or_else(|| error.get("status"));
    let status = code
        .and_then(Value::as_u64)
        .and_then(|code| u16::try_from(code).ok())
        .filter(|code| (400..600).contains(code))
        // Servers that break in mid-answer often say it without a number.
        .unwrap_or(500);
    judge(status, error.to_string().as_bytes(), None)
}

/// Words of llama.cpp, vLLM, `OpenAI`, Ollama, TEI and `LiteLLM` for a prompt or a text that does not fit.
const TOO_LONG: [&str; 12] = [
    "exceed_context_size",
    "context_length_exceeded",
    "context length",
    "context size",
    "context window",
    "too large to process",
    "input length",
    "too many tokens",
    "must have less than",
    "is too long",
    "maximum input",
    // Too many texts at once, which the same remedy cures: fewer.
    "maximum allowed batch",
];

fn too_long(body: &[u8]) -> Option<ModelError> {
    let text = String::from_utf8_lossy(body).to_lowercase();
    if !TOO_LONG.iter().any(|words| text.contains(words)) {
        return None;
    }
    let (needed, limit) = fields(body).unwrap_or_else(|| numbers(&text));
    Some(ModelError::ContextExceeded { needed, limit })
}

/// Reads the numbers where llama.cpp gives them as fields.
fn fields(body: &[u8]) -> Option<(Option<u64>, Option<u64>)> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let error = value.get("error").unwrap_or(&value);
    let number = |field| error.get(field).and_then(Value::as_u64);
    let found = (number("n_prompt_tokens"), number("n_ctx"));
    (found != (None, None)).then_some(found)
}

/// Reads the numbers out of a sentence: the limit stands behind words for it, what was needed is the largest.
fn numbers(text: &str) -> (Option<u64>, Option<u64>) {
    let behind = [
        "context length is",
        "context length of",
        "batch size:",
        "less than",
        "maximum of",
    ];
    let limit = behind.iter().find_map(|words| {
        let (_, rest) = text.split_once(words)?;
        first_number(rest)
    });
    let message = text.find("message").map_or(text, |at| &text[at..]);
    let largest = message
        .split(|letter: char| !letter.is_ascii_digit())
        .filter_map(|digits| digits.parse::<u64>().ok())
        .max();
    let needed = largest.filter(|&largest| limit.is_none_or(|limit| largest > limit));
    (if limit.is_some() { needed } else { None }, limit)
}

fn first_number(text: &str) -> Option<u64> {
    let digits = text.trim_start();
    let end = digits
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(digits.len());
    digits[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_that_is_too_long_is_known_by_the_words_of_each_server() {
        let table: &[(u16, &str, Option<u64>, Option<u64>)] = &[
            (
                400,
                r#"{"error":{"code":400,"message":"the request exceeds the available context size, try increasing it","type":"exceed_context_size_error","n_prompt_tokens":905,"n_ctx":512}}"#,
                Some(905),
                Some(512),
            ),
            (
                400,
                r#"{"error":{"message":"This model's maximum context length is 4096 tokens. However, your messages resulted in 5012 tokens.","code":"context_length_exceeded"}}"#,
                Some(5012),
                Some(4096),
            ),
            (
                500,
                r#"{"error":{"code":500,"message":"input (905 tokens) is too large to process. increase the physical batch size (current batch size: 512)","type":"server_error"}}"#,
                Some(905),
                Some(512),
            ),
            (
                413,
                r#"{"error":"Input validation error: `inputs` must have less than 512 tokens. Given: 1000","error_type":"Validation"}"#,
                Some(1000),
                Some(512),
            ),
            (
                400,
                r#"{"error":"the input length exceeds the context length"}"#,
                None,
                None,
            ),
            (413, "", None, None),
        ];
        for (status, body, needed, limit) in table {
            match judge(*status, body.as_bytes(), None) {
                ModelError::ContextExceeded { needed: n, limit: l } => {
                    assert_eq!((n, l), (*needed, *limit), "{body}");
                }
                other => panic!("{body}: {other}"),
            }
        }
    }

    #[test]
    fn other_refusals_keep_their_status() {
        for status in [408, 409, 429, 500, 502, 503, 504] {
            let error = judge(status, b"{}", Some(Duration::from_secs(3)));
            assert!(
                matches!(error, ModelError::Overloaded { status: s, retry_after: Some(_) } if s == status),
                "{status}: {error}"
            );
        }
        for status in [302, 400, 401, 403, 404, 422, 501] {
            let error = judge(status, b"sk-test does not open this", None);
            assert!(
                matches!(error, ModelError::Refused { status: s } if s == status),
                "{status}: {error}"
            );
            assert!(!format!("{error} {error:?}").contains("sk-test"));
        }
    }

    #[test]
    fn an_error_inside_a_stream_is_sorted_by_its_code() {
        let sorted = |text: &str| judge_object(&serde_json::from_str(text).unwrap());
        let error = sorted(r#"{"code":429,"message":"slow down"}"#);
        assert!(matches!(error, ModelError::Overloaded { status: 429, .. }));
        let error = sorted(r#"{"message":"it broke","code":"internal"}"#);
        assert!(matches!(error, ModelError::Overloaded { status: 500, .. }));
        let error = sorted(r#""it broke""#);
        assert!(matches!(error, ModelError::Overloaded { status: 500, .. }));
    }
}
