//! Signing in and out.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Request, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use maud::html;
use tokio::time::Instant;

use super::words::Words;
use super::{
    Denied, Desk, Notice, Posted, SessionId, access, asked_language, client, fields, first, frame, pairs, to,
};

/// The address without its last stroke: everything else is relative to the folder.
pub(super) async fn door(uri: Uri) -> Response {
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let address = format!("desk/{query}");
    let Ok(address) = HeaderValue::from_str(&address) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()
}

/// The form for the token.
pub(super) async fn page(State(desk): State<Arc<Desk>>, uri: Uri) -> Response {
    let query = pairs(uri.query().unwrap_or_default().as_bytes());
    let words = Words(asked_language(&query).unwrap_or(desk.shared.settings.locale));
    if !desk.access.wants_token() {
        return to("./");
    }
    let out = first(&query, "out").is_some();
    let notice = out.then(|| Notice {
        good: true,
        text: words.signed_out().to_owned(),
    });
    form(words, StatusCode::OK, notice.as_ref())
}

fn form(words: Words, status: StatusCode, notice: Option<&Notice>) -> Response {
    let body = html! {
        form class="card narrow" method="post" action={ "sign-in?lang=" (words.0.code()) } {
            label for="token" { (words.token()) }
            p class="hint" id="token-hint" { (words.token_hint()) }
            input id="token" name="token" type="password" autocomplete="current-password" required autofocus
                aria-describedby="token-hint" aria-invalid=[notice.filter(|notice| !notice.good).map(|_| "true")];
            button class="main" { (words.sign_in()) }
        }
    };
    let switch = frame::Switch::Page("", &[]);
    frame::page(words, status, words.sign_in_title(), None, switch, notice, &body)
}

/// Compares the token and begins a session.
pub(super) async fn begin(State(desk): State<Arc<Desk>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let query = pairs(parts.uri.query().unwrap_or_default().as_bytes());
    let asked = asked_language(&query);
    let words = Words(asked.unwrap_or(desk.shared.settings.locale));
    if !access::own_site(&parts.headers) {
        return frame::told(words, StatusCode::FORBIDDEN, words.not_ours());
    }
    let fields = fields(body).await.unwrap_or_default();
    // Pasted keys bring blanks along.
    let token = first(&fields, "token").unwrap_or_default().trim();
    let now = Instant::now();
    let bad = |status, text: String| form(words, status, Some(&Notice { good: false, text }));
    match desk.access.check(token, client(&parts, &desk), now) {
        Ok(()) => {}
        Err(Denied::Wrong) => return bad(StatusCode::FORBIDDEN, words.wrong_token().to_owned()),
        Err(Denied::TooOften(wait)) => {
            let mut response = bad(StatusCode::TOO_MANY_REQUESTS, words.too_often(wait));
            let seconds = HeaderValue::from(wait.as_secs() + 1);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
            return response;
        }
    }
    // What was there before, perhaps put there by somebody else, does not become a session that may do more.
    if let Some(before) = SessionId::of(&parts.headers) {
        desk.access.end(&before);
    }
    let secure = desk.tls || access::by_tls(&parts.headers);
    let cookie = desk
        .access
        .begin(asked, now)
        .and_then(|id| id.cookie(secure).parse().ok());
    let Some(cookie) = cookie else {
        return frame::told(words, StatusCode::INTERNAL_SERVER_ERROR, words.broken_text());
    };
    let mut response = to("./");
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

/// Ends the session.
pub(super) async fn end(Posted { visit, .. }: Posted) -> Response {
    visit.desk.access.end(&visit.session);
    let mut response = to(&format!("sign-in?out=1&lang={}", visit.words.0));
    if let Ok(cookie) = SessionId::no_cookie().parse() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
