//! The pages, embedded in the binary: the chat, and the protocol for people.

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// Nothing but this server's own files may run or be loaded; documents' words are put in as text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn part(kind: &'static str, body: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, body).into_response()
}

pub(crate) async fn html() -> Response {
    part("text/html; charset=utf-8", include_str!("page/page.html"))
}

pub(crate) async fn script() -> Response {
    part("text/javascript; charset=utf-8", include_str!("page/page.js"))
}

pub(crate) async fn style() -> Response {
    part("text/css; charset=utf-8", include_str!("page/page.css"))
}

pub(crate) async fn asyncapi() -> Response {
    part("application/yaml; charset=utf-8", include_str!("asyncapi.yaml"))
}

const DOCS: &str = include_str!("page/docs.html");

pub(crate) async fn docs() -> Response {
    part("text/html; charset=utf-8", DOCS)
}

pub(crate) async fn docs_style() -> Response {
    part("text/css; charset=utf-8", include_str!("page/docs.css"))
}

#[cfg(test)]
mod tests {
    use docent_protocol::{ClientMessage, FieldName, ServerMessage};

    use super::*;

    #[test]
    fn the_page_of_the_protocol_names_every_message_and_every_key_in_both_languages() {
        let types = [
            &ClientMessage::TYPES[..],
            &ClientMessage::EXTENSIONS,
            &ServerMessage::TYPES,
            &ServerMessage::EXTENSIONS,
        ];
        let keys = [
            FieldName::AssistantId,
            FieldName::Question,
            FieldName::Id,
            FieldName::Sources,
            FieldName::Stream,
            FieldName::Helpful,
        ];
        let quoted = types.concat().into_iter().chain(keys.map(FieldName::key));
        let (russian, english) = DOCS.split_once("<section id=\"en\"").unwrap();
        let named: Vec<String> = quoted.map(|name| format!("\"{name}\"")).collect();
        for section in [russian, english] {
            for name in &named {
                assert!(section.contains(name), "{name} is not in the page");
            }
            for code in [1001, 1002, 1007, 1009, 1011] {
                assert!(section.contains(&code.to_string()), "{code} is not in the page");
            }
            assert!(section.contains(docent_protocol::ENDPOINT));
        }
        // The policy lets nothing run, so nothing may try.
        assert!(!DOCS.contains("<script") && !DOCS.contains("style="));
    }
}
