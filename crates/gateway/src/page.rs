//! The pages and the widget, embedded in the binary: the chat, and the protocol for people.

use std::sync::{Arc, LazyLock};

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use docent_protocol::{AssistantCard, AssistantCards};

use crate::asset::Asset;
use crate::{Shared, welcome};

/// Nothing but this server's own files may run or be loaded; documents' words are put in as text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors ";

/// A page that the sites of `framing` may show in a frame.
fn page(file: &Asset, request: &HeaderMap, framing: &[String]) -> Response {
    let sites = if framing.is_empty() {
        "'none'".to_owned()
    } else {
        framing.join(" ")
    };
    let mut response = file.answer(request);
    // An origin that is no header value is none that a browser has.
    if let Ok(policy) = HeaderValue::from_str(&format!("{POLICY}{sites}")) {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Lets pages of any site read a response.
fn shared_with_all(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    response
}

/// Makes a file of the binary, packed when it is first asked for.
macro_rules! asset {
    ($kind:literal, $text:expr) => {
        LazyLock::new(|| Asset::new(concat!("text/", $kind, "; charset=utf-8"), $text))
    };
}

static PAGE: LazyLock<Asset> = asset!("html", include_str!("page/page.html"));
static PAGE_STYLE: LazyLock<Asset> = asset!("css", include_str!("page/page.css"));
static SOURCES_STYLE: LazyLock<Asset> = asset!("css", include_str!("page/sources.css"));
static DOCS_PAGE: LazyLock<Asset> = asset!("html", DOCS);
static DOCS_STYLE: LazyLock<Asset> = asset!("css", include_str!("page/docs.css"));
static ASYNCAPI: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("application/yaml; charset=utf-8", include_str!("asyncapi.yaml")));
/// The widget with its look and its parts: one file for whoever uses it, three for whoever writes them.
static WIDGET: LazyLock<Asset> = asset!(
    "javascript",
    include_str!("page/widget.js")
        .replace(LOOK, include_str!("page/widget.css"))
        .replace(PARTS, include_str!("page/widget_parts.js"))
);

/// Where the look goes, inside the quotes of a text.
const LOOK: &str = "/* widget.css */";

/// Where the parts go.
const PARTS: &str = "/* widget_parts.js */";

pub(crate) async fn html(State(shared): State<Arc<Shared>>, request: HeaderMap) -> Response {
    page(&PAGE, &request, &shared.settings.origins)
}

pub(crate) async fn widget(request: HeaderMap) -> Response {
    shared_with_all(WIDGET.answer(&request))
}

pub(crate) async fn style(request: HeaderMap) -> Response {
    PAGE_STYLE.answer(&request)
}

pub(crate) async fn sources_style(request: HeaderMap) -> Response {
    SOURCES_STYLE.answer(&request)
}

/// Returns the assistants with what a page shows before the first question; to pages of sites that may connect.
pub(crate) async fn assistants(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let assistants = shared.engine.assistants();
    let cards = AssistantCards {
        question_chars: shared.settings.max_question_chars,
        assistants: assistants
            .iter()
            .map(|one| AssistantCard {
                id: one.id.0,
                name: one.name.clone(),
                description: one.description.clone(),
                language: one.language.map(|language| language.code().to_owned()),
                suggestions: shared.engine.suggestions(one.id),
            })
            .collect(),
    };
    let own = [
        (header::CONTENT_TYPE, "application/json"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    let response = (own, cards.to_json()).into_response();
    if welcome(&shared.settings.origins, &headers) {
        shared_with_all(response)
    } else {
        response
    }
}

pub(crate) async fn asyncapi(request: HeaderMap) -> Response {
    ASYNCAPI.answer(&request)
}

const DOCS: &str = include_str!("page/docs.html");

pub(crate) async fn docs(request: HeaderMap) -> Response {
    page(&DOCS_PAGE, &request, &[])
}

pub(crate) async fn docs_style(request: HeaderMap) -> Response {
    DOCS_STYLE.answer(&request)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use docent_protocol::{ClientMessage, FieldName, ServerMessage};

    use super::*;

    /// Returns the words of a text that begin with `start`.
    fn named<'a>(text: &'a str, start: &str) -> BTreeSet<&'a str> {
        let parts = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        parts.filter(|one| one.starts_with(start)).collect()
    }

    #[test]
    fn the_page_about_the_widget_names_what_the_widget_has() {
        let told = include_str!("../../../docs/widget.md");
        let mut properties = named(told, "--docent-");
        assert_eq!(properties, named(include_str!("page/widget.css"), "--docent-"));
        properties.retain(|one| WIDGET.text().contains(one));
        assert!(properties.len() > 10);
        let events = |text| {
            let all = named(text, "docent-").into_iter();
            all.filter(|&one| one != "docent-chat").collect::<BTreeSet<_>>()
        };
        assert_eq!(events(told), events(include_str!("page/widget.js")));
        for attribute in ["assistant", "lang", "mode", "theme"] {
            assert!(told.contains(&format!("`data-{attribute}=")), "{attribute}");
            assert!(WIDGET.text().contains(&format!("'{attribute}'")), "{attribute}");
        }
    }

    #[test]
    fn the_look_of_the_widget_is_in_it_and_does_not_end_the_text_it_is_in() {
        let look = include_str!("page/widget.css");
        assert!(!look.contains(['`', '\\']) && !look.contains("${"));
        assert!(WIDGET.text().contains(look) && !WIDGET.text().contains(LOOK));
        assert!(
            WIDGET.text().contains(include_str!("page/widget_parts.js")) && !WIDGET.text().contains(PARTS)
        );
    }

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
