//! The keeper's desk: pages at `/desk/` for whoever keeps the documents.
//!
//! Owns who may come in (`access`), what all pages have (`frame`), the pages themselves and their words. Leaves what they
//! tell and do to a [`Keeper`]. Pages are put together with `maud`, whose macro escapes whatever is no literal, so that a
//! document's words cannot become a page's; nothing needs the script but comfort.
//!
//! A further page is: a module with a handler that takes a [`Visit`] and gives `visit.page(…)`; a route in [`router`]; an entry
//! in [`PAGES`]; what it shows as a method of [`Keeper`]. A form that changes something takes [`Posted`] in place of the
//! visit and holds `visit.proof()`.
//!
//! Invariants: nothing is told before the visit is allowed; nothing is changed without the session's own proof and from
//! another site; no secret stands in an address; every link is relative, so that a proxy may put a prefix before them.

mod access;
mod asked;
mod charts;
mod documents;
mod figures;
mod frame;
mod keeper;
mod own;
mod sign;
mod trial;
mod unanswered;
mod uploads;
mod words;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use docent_corpus::Language;
use maud::{Markup, html};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::{Gateway, Peer, Shared, peer, sources};
use access::{Access, Denied, SessionId};
use frame::Switch;
use words::Words;

pub use asked::{
    Day, Figures, Flaw, Group, Lately, NewAnswer, NewLesson, OwnAnswer, OwnAnswers, Standing, Unwritten,
};
pub use keeper::{
    Asking, Candidate, Change, Done, Effect, Evidence, Keeper, NewDocument, Progress, Record, Refused, Shelf,
    Shelves, State as DocumentState, Step, Stretch, Trial, Trouble, Unread, Verdict, Why,
};

/// How the desk is set up.
#[derive(Debug, Clone)]
pub struct DeskSettings {
    /// What lets people in; none for whoever reaches the listener.
    pub token: Option<String>,
    /// Bytes of an uploaded document.
    pub upload_bytes: u64,
}

/// Where something is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// Where people ask.
    Public,
    /// The operator's own.
    Admin,
}

impl Gateway {
    /// Serves the keeper's desk at `/desk/` of a listener; without it there is none.
    #[must_use]
    pub fn with_desk(mut self, listener: Listener, keeper: Arc<dyn Keeper>, settings: DeskSettings) -> Self {
        self.desk = Some((listener, keeper, settings));
        self
    }

    /// Returns the routes of the desk, where they are this listener's.
    pub(crate) fn desk(&self, listener: Listener) -> Router {
        match &self.desk {
            Some((at, keeper, settings)) if *at == listener => {
                let tls = listener == Listener::Public && self.certificates.is_some();
                let desk = Desk::new(self.shared.clone(), keeper.clone(), settings, tls);
                match listener {
                    Listener::Public => router(desk),
                    // The desk leads to the text of documents, which the other listener has anyway.
                    Listener::Admin => router(desk).merge(sources::routes().with_state(self.shared.clone())),
                }
            }
            _ => Router::new(),
        }
    }
}

/// The name of a page.
type PageName = fn(Words) -> &'static str;

/// The pages that every page links to, in that order: the address below `/desk/`, and the name.
const PAGES: [(&str, PageName); 5] = [
    ("./", Words::documents),
    ("try", Words::trial),
    ("unanswered", Words::unanswered),
    ("answers", Words::own_answers),
    ("charts", Words::charts),
];

/// Looks at the folder and questions at one time: each costs a core, and a keeper is one person.
const LOOKS: usize = 2;

/// Uploads at one time: each holds a file of the size limit while it is checked.
const UPLOADS: usize = 2;

/// Bytes of a form without files: two long questions in Cyrillic, percent-encoded.
const FORM_BYTES: usize = 64 << 10;

/// How long a form may take to arrive.
const FORM_TIME: Duration = Duration::from_secs(20);

/// The desk while it is served.
struct Desk {
    shared: Arc<Shared>,
    keeper: Arc<dyn Keeper>,
    access: Access,
    upload_bytes: u64,
    /// Whether the listener itself speaks TLS.
    tls: bool,
    looks: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
}

impl Desk {
    fn new(shared: Arc<Shared>, keeper: Arc<dyn Keeper>, settings: &DeskSettings, tls: bool) -> Arc<Self> {
        Arc::new(Self {
            shared,
            keeper,
            access: Access::new(settings.token.as_deref()),
            upload_bytes: settings.upload_bytes,
            tls,
            looks: Arc::new(Semaphore::new(LOOKS)),
            uploads: Arc::new(Semaphore::new(UPLOADS)),
        })
    }

    /// Does something that blocks, in its turn; a page that says why where it could not be done.
    async fn look<T: Send + 'static>(
        self: &Arc<Self>,
        visit: &Visit,
        does: impl FnOnce(&dyn Keeper) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Response> {
        let place = self.looks.clone().acquire_owned();
        let Ok(Ok(place)) = tokio::time::timeout(self.shared.settings.answer_deadline, place).await else {
            return Err(visit.told(StatusCode::SERVICE_UNAVAILABLE, visit.words.busy()));
        };
        let keeper = self.keeper.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let _place = place;
            does(keeper.as_ref())
        });
        match looked.await {
            Ok(Ok(seen)) => Ok(seen),
            Ok(Err(trouble)) => Err(visit.trouble(&trouble)),
            Err(error) => Err(visit.trouble(&Trouble::Library(Box::new(error)))),
        }
    }
}

/// The routes of the desk.
fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/desk", get(sign::door))
        .route("/desk/", get(documents::page))
        .route("/desk/progress", get(documents::progress))
        .route("/desk/try", get(trial::page).post(trial::asked))
        .route(
            "/desk/unanswered",
            get(unanswered::page).post(unanswered::group_asked),
        )
        .route("/desk/draft", get(unanswered::door).post(unanswered::draft))
        .route("/desk/curate", get(unanswered::door).post(unanswered::curate))
        .route("/desk/teach", get(unanswered::door).post(unanswered::teach))
        .route("/desk/answers", get(own::page))
        .route("/desk/answer", get(own::one).post(own::revise))
        .route("/desk/redraft", get(own::door).post(own::redraft))
        .route("/desk/withdraw", get(own::sure).post(own::withdraw))
        .route("/desk/charts", get(charts::page))
        .route("/desk/upload", get(uploads::page).post(uploads::upload))
        .route("/desk/delete", get(uploads::sure).post(uploads::delete))
        .route("/desk/sign-in", get(sign::page).post(sign::begin))
        .route("/desk/sign-out", post(sign::end))
        .route("/desk/desk.css", get(frame::style))
        .route("/desk/desk.js", get(frame::script))
        .route("/desk/{*page}", get(gone))
        // Each handler has a limit of its own.
        .layer(DefaultBodyLimit::disable())
        .with_state(desk)
}

async fn gone(visit: Visit) -> Response {
    visit.told(StatusCode::NOT_FOUND, visit.words.gone())
}

/// What the next page tells of what was done.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Notice {
    good: bool,
    text: String,
}

/// A request of somebody who may sit at the desk.
struct Visit {
    desk: Arc<Desk>,
    words: Words,
    session: SessionId,
    proof: String,
    /// Of a session that begins with this request.
    cookie: Option<String>,
    query: Vec<(String, String)>,
    /// Whether it was made by a form: its address alone does not bring it again.
    posts: bool,
}

/// Reads the pairs of an address or of a form.
fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

fn first<'a>(pairs: &'a [(String, String)], key: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value.as_str())
}

/// Begins an address with a query.
fn query_of(page: &str) -> form_urlencoded::Serializer<'static, String> {
    let begun = format!("{page}?");
    let at = begun.len();
    form_urlencoded::Serializer::for_suffix(begun, at)
}

/// Returns the language that an address asks for.
fn asked_language(query: &[(String, String)]) -> Option<Language> {
    first(query, "lang")?.parse().ok()
}

/// Tells the client's address.
fn client(parts: &Parts, desk: &Desk) -> std::net::IpAddr {
    let peer = parts.extensions.get::<Peer>().map(|Peer(peer)| *peer);
    // Every connection has one; without, all share the counts of one address.
    let peer = peer.unwrap_or(std::net::IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED));
    peer::client(peer, &parts.headers, &desk.shared.settings.trusted_proxies)
}

impl FromRequestParts<Arc<Desk>> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Response> {
        let query = pairs(parts.uri.query().unwrap_or_default().as_bytes());
        let asked = asked_language(&query);
        let locale = desk.shared.settings.locale;
        let changes = parts.method != Method::GET && parts.method != Method::HEAD;
        let words = Words(asked.unwrap_or(locale));
        if changes && !access::own_site(&parts.headers) {
            return Err(frame::told(words, StatusCode::FORBIDDEN, words.not_ours()));
        }
        if !desk.access.wants_token() && !access::by_address(&parts.headers) {
            return Err(frame::told(words, StatusCode::FORBIDDEN, words.by_address()));
        }
        let now = Instant::now();
        let known = SessionId::of(&parts.headers).and_then(|id| {
            let seen = desk.access.with(&id, now, |session| {
                session.language = asked.or(session.language);
                (session.proof.clone(), session.language)
            })?;
            Some((id, seen))
        });
        let (session, (proof, language), cookie) = match known {
            Some((id, seen)) => (id, seen, None),
            None if desk.access.wants_token() => {
                let lang = asked.map_or_else(String::new, |language| format!("?lang={language}"));
                return Err(to(&format!("sign-in{lang}")));
            }
            None if changes => {
                return Err(frame::told(words, StatusCode::FORBIDDEN, words.expired()));
            }
            None => {
                let begun = desk.access.begin(asked, now).and_then(|id| {
                    let proof = desk.access.with(&id, now, |session| session.proof.clone())?;
                    Some((id, proof))
                });
                let Some((id, proof)) = begun else {
                    return Err(frame::told(
                        words,
                        StatusCode::INTERNAL_SERVER_ERROR,
                        words.broken_text(),
                    ));
                };
                let cookie = id.cookie(false);
                (id, (proof, asked), Some(cookie))
            }
        };
        Ok(Self {
            desk: desk.clone(),
            words: Words(language.unwrap_or(locale)),
            session,
            proof,
            cookie,
            query,
            posts: changes,
        })
    }
}

impl Visit {
    /// Returns a page; `current` is its address among [`PAGES`].
    fn page(&self, title: &str, current: Option<&str>, body: &Markup) -> Response {
        self.response(StatusCode::OK, title, current, body)
    }

    fn response(&self, status: StatusCode, title: &str, current: Option<&str>, body: &Markup) -> Response {
        let switch = if self.posts {
            Switch::Page("./", &[])
        } else {
            Switch::Page("", &self.query)
        };
        self.response_in(status, title, current, switch, body)
    }

    /// Returns a page that comes in another language by a way of its own.
    fn response_in(
        &self,
        status: StatusCode,
        title: &str,
        current: Option<&str>,
        switch: Switch<'_>,
        body: &Markup,
    ) -> Response {
        let now = Instant::now();
        let notice = self
            .desk
            .access
            .with(&self.session, now, |session| session.notice.take());
        let ways = frame::Ways {
            current,
            proof: self.proof(),
            may_leave: self.desk.access.wants_token(),
        };
        let mut response = frame::page(
            self.words,
            status,
            title,
            Some(&ways),
            switch,
            notice.flatten().as_ref(),
            body,
        );
        let cookie = self.cookie.as_ref().and_then(|cookie| cookie.parse().ok());
        if let Some(cookie) = cookie {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }

    /// Returns a page that only says something.
    fn told(&self, status: StatusCode, text: &str) -> Response {
        let back = html! { p { a href="./" { (self.words.back()) } } };
        self.response(status, text, None, &back)
    }

    /// Returns the page for what could not be had; the log gets why.
    fn trouble(&self, trouble: &Trouble) -> Response {
        match trouble {
            Trouble::UnknownAssistant => {
                self.told(StatusCode::NOT_FOUND, &self.words.refused(&Refused::Unknown))
            }
            Trouble::Library(_) => {
                let mut error = trouble.to_string();
                let mut cause = std::error::Error::source(trouble);
                while let Some(deeper) = cause {
                    error.push_str(": ");
                    error.push_str(&deeper.to_string());
                    cause = deeper.source();
                }
                tracing::warn!(error, "a page of the desk could not be made");
                let text =
                    html! { p { (self.words.broken_text()) } p { a href="./" { (self.words.back()) } } };
                self.response(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    self.words.broken(),
                    None,
                    &text,
                )
            }
        }
    }

    /// Leaves a word for the next page and leads there.
    fn leads(&self, address: &str, good: bool, text: String) -> Response {
        let now = Instant::now();
        let notice = Notice { good, text };
        self.desk
            .access
            .with(&self.session, now, |session| session.notice = Some(notice));
        to(address)
    }

    /// Returns the field by which a form shows that it is of this session.
    fn proof(&self) -> Markup {
        html! { input type="hidden" name="proof" value=(self.proof); }
    }

    /// Tells whether a form is of this session.
    fn is_proven(&self, proof: Option<&str>) -> bool {
        let now = Instant::now();
        let proven = |proof: &str| {
            let compared = self
                .desk
                .access
                .with(&self.session, now, |session| access::proven(session, proof));
            compared == Some(true)
        };
        proof.is_some_and(proven)
    }

    fn asked(&self, key: &str) -> Option<&str> {
        first(&self.query, key).filter(|value| !value.is_empty())
    }
}

/// Leads a browser to another page of the desk.
fn to(address: &str) -> Response {
    (
        StatusCode::SEE_OTHER,
        [(header::LOCATION, address), (header::CACHE_CONTROL, "no-store")],
    )
        .into_response()
}

/// A form that was filled in on a page of the session that sends it.
struct Posted {
    visit: Visit,
    fields: Vec<(String, String)>,
}

impl Posted {
    fn field(&self, key: &str) -> Option<&str> {
        first(&self.fields, key)
    }
}

/// Reads a form; nothing when it is too long or too slow.
async fn fields(body: Body) -> Option<Vec<(String, String)>> {
    let read = axum::body::to_bytes(body, FORM_BYTES);
    let bytes = tokio::time::timeout(FORM_TIME, read).await.ok()?.ok()?;
    Some(pairs(&bytes))
}

impl FromRequest<Arc<Desk>> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request<Body>, desk: &Arc<Desk>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, desk).await?;
        let fields = fields(body).await.unwrap_or_default();
        if !visit.is_proven(first(&fields, "proof")) {
            return Err(visit.told(StatusCode::FORBIDDEN, visit.words.not_ours()));
        }
        Ok(Self { visit, fields })
    }
}
