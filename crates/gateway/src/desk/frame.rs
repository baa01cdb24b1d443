//! What all pages of the desk have: head, ways, the notice, and what a browser may do with them.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use docent_corpus::Language;
use maud::{DOCTYPE, Markup, html};

use super::words::Words;
use super::{Notice, PAGES, query_of};

/// This server's own script and sheet, its forms back to it, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// The ways from a page to the others.
pub(super) struct Ways<'a> {
    pub(super) current: Option<&'a str>,
    /// The field that shows that a form is of this session.
    pub(super) proof: Markup,
    /// Whether there is anything to sign out of.
    pub(super) may_leave: bool,
}

/// How a page comes in another language, with everything on it that somebody chose or typed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Switch<'a> {
    /// By its address, empty for the one it has, and its query.
    Page(&'a str, &'a [(String, String)]),
    /// What stands in the form of this id is sent to this address.
    Form(&'static str, &'static str),
}

impl Switch<'_> {
    fn to(self, words: Words, language: Language) -> Markup {
        let current = (language == words.0).then_some("true");
        let (code, name) = (language.code(), language_name(language));
        match self {
            Self::Page(address, query) => {
                let mut link = query_of(address);
                for (key, value) in query.iter().filter(|(key, _)| key != "lang") {
                    link.append_pair(key, value);
                }
                link.append_pair("lang", code);
                html! { a href=(link.finish()) lang=(code) hreflang=(code) aria-current=[current] { (name) } }
            }
            Self::Form(form, address) => html! {
                button form=(form) formaction={ (address) "?lang=" (code) } formmethod="post" formnovalidate lang=(code) aria-current=[current] { (name) }
            },
        }
    }
}

/// Returns a page.
pub(super) fn page(
    words: Words,
    status: StatusCode,
    title: &str,
    ways: Option<&Ways<'_>>,
    switch: Switch<'_>,
    notice: Option<&Notice>,
    body: &Markup,
) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang=(words.0.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " · docent" }
                link rel="stylesheet" href="desk.css";
                script src="desk.js" defer {}
            }
            body {
                // The first button of a form is what the enter key presses, and that is not another language.
                @if let Switch::Form(form, _) = switch { button form=(form) hidden {} }
                a class="skip" href="#main" { (words.skip()) }
                header {
                    p class="brand" { b { "docent" } " " span { (words.desk()) } }
                    @if let Some(ways) = ways {
                        nav aria-label=(words.pages()) {
                            @for (address, name) in PAGES {
                                a href=(address) aria-current=[(ways.current == Some(address)).then_some("page")] { (name(words)) }
                            }
                        }
                    }
                    div class="corner" {
                        nav class="languages" aria-label=(words.languages()) {
                            @for language in Language::ALL { (switch.to(words, language)) }
                        }
                        @if let Some(ways) = ways.filter(|ways| ways.may_leave) {
                            form method="post" action="sign-out" { (ways.proof) button class="quiet" { (words.sign_out()) } }
                        }
                    }
                }
                main id="main" tabindex="-1" {
                    h1 { (title) }
                    @if let Some(notice) = notice {
                        p class={ "notice " (if notice.good { "good" } else { "bad" }) } role=(if notice.good { "status" } else { "alert" }) { (notice.text) }
                    }
                    (body)
                }
            }
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Own forms name where they come from; nobody else learns an address of the desk.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, page.into_string()).into_response()
}

/// Returns a page that only says something, to somebody who is not signed in.
pub(super) fn told(words: Words, status: StatusCode, text: &str) -> Response {
    let again = html! { p { a href="./" { (words.back()) } } };
    page(words, status, text, None, Switch::Page("./", &[]), None, &again)
}

fn language_name(language: Language) -> &'static str {
    match language {
        Language::Russian => "Рус",
        Language::Kazakh => "Қаз",
        Language::English => "Eng",
    }
}

fn part(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

pub(super) async fn style() -> Response {
    part("text/css; charset=utf-8", include_str!("../page/desk.css"))
}

pub(super) async fn script() -> Response {
    part("text/javascript; charset=utf-8", include_str!("../page/desk.js"))
}
