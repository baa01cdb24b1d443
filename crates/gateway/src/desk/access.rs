//! Who may sit at the desk.
//!
//! Owns sessions (a random number in a cookie, kept in memory), the token that begins one, how often a wrong one may be
//! tried, and the proof that a change was asked for by a page of the desk. Time is passed in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use docent_corpus::Language;
use tokio::time::Instant;

use super::Notice;
use crate::allowance::Allowance;
use crate::peer::Prefix;

/// The name of the cookie.
const COOKIE: &str = "docent-desk";

/// A session that nobody used for so long is over: a working day with its evening.
const IDLE: Duration = Duration::from_hours(12);

/// Sessions kept; beyond it the one that rests longest ends. A keeper has a handful.
const MAX_SESSIONS: usize = 1_000;

/// Wrong tokens a minute from one address: nobody mistypes more often.
const WRONG_A_MINUTE: u32 = 10;

/// Addresses remembered for wrong tokens, beyond which nobody may try until a minute has passed for some.
const MAX_ADDRESSES: usize = 10_000;

/// What a browser brings along.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct SessionId(String);

/// What the desk knows of a browser.
#[derive(Debug, Clone)]
pub(super) struct Session {
    /// Stands in every form.
    pub(super) proof: String,
    pub(super) language: Option<Language>,
    /// What the next page tells.
    pub(super) notice: Option<Notice>,
    used: Instant,
}

/// Sessions and failures.
pub(super) struct Access {
    /// Of the token; none where everybody who reaches the listener may sit down.
    token: Option<blake3::Hash>,
    sessions: Mutex<HashMap<SessionId, Session>>,
    wrong: Mutex<HashMap<Prefix, Allowance>>,
}

/// Why nobody was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    Wrong,
    /// Too many wrong tokens; when the next may be tried.
    TooOften(Duration),
}

/// Returns 256 random bits, in hexadecimal digits; nothing when the system has none.
fn secret() -> Option<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).ok()?;
    Some(blake3::Hash::from_bytes(bytes).to_hex().to_string())
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    // Both maps are whole between any two statements.
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Access {
    pub(super) fn new(token: Option<&str>) -> Self {
        Self {
            token: token.map(|token| blake3::hash(token.as_bytes())),
            sessions: Mutex::default(),
            wrong: Mutex::default(),
        }
    }

    pub(super) fn wants_token(&self) -> bool {
        self.token.is_some()
    }

    /// Compares a token with the right one, in a time that tells nothing of it: hashes are compared, all of them.
    pub(super) fn check(&self, token: &str, from: IpAddr, now: Instant) -> Result<(), Denied> {
        let Some(right) = self.token else { return Ok(()) };
        let mut wrong = locked(&self.wrong);
        if wrong.len() >= MAX_ADDRESSES {
            wrong.retain(|_, allowance| !allowance.is_full(now));
        }
        let prefix = Prefix::of(from);
        if wrong.len() >= MAX_ADDRESSES && !wrong.contains_key(&prefix) {
            return Err(Denied::TooOften(Duration::from_mins(1)));
        }
        let allowance = wrong
            .entry(prefix)
            .or_insert_with(|| Allowance::new(WRONG_A_MINUTE, WRONG_A_MINUTE, now));
        allowance.left(now).map_err(Denied::TooOften)?;
        if blake3::hash(token.as_bytes()) == right {
            return Ok(());
        }
        let _ = allowance.take(now);
        Err(Denied::Wrong)
    }

    /// Begins a session; nothing when the system has no random numbers.
    pub(super) fn begin(&self, language: Option<Language>, now: Instant) -> Option<SessionId> {
        let id = SessionId(secret()?);
        let session = Session {
            proof: secret()?,
            language,
            notice: None,
            used: now,
        };
        let mut sessions = locked(&self.sessions);
        sessions.retain(|_, one| now.saturating_duration_since(one.used) < IDLE);
        if sessions.len() >= MAX_SESSIONS
            && let Some(rests) = sessions
                .iter()
                .min_by_key(|(_, one)| one.used)
                .map(|(id, _)| id.clone())
        {
            sessions.remove(&rests);
        }
        sessions.insert(id.clone(), session);
        Some(id)
    }

    /// Does something with the session that a request names, which counts as using it; nothing when there is none.
    pub(super) fn with<T>(
        &self,
        id: &SessionId,
        now: Instant,
        does: impl FnOnce(&mut Session) -> T,
    ) -> Option<T> {
        let mut sessions = locked(&self.sessions);
        let session = sessions.get_mut(id)?;
        if now.saturating_duration_since(session.used) >= IDLE {
            sessions.remove(id);
            return None;
        }
        session.used = now;
        Some(does(session))
    }

    /// Tells whether a session goes on, without using it.
    pub(super) fn knows(&self, id: &SessionId, now: Instant) -> bool {
        let sessions = locked(&self.sessions);
        sessions
            .get(id)
            .is_some_and(|session| now.saturating_duration_since(session.used) < IDLE)
    }

    pub(super) fn end(&self, id: &SessionId) {
        locked(&self.sessions).remove(id);
    }
}

impl SessionId {
    /// Reads the cookie of a request.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let cookies = headers.get_all(header::COOKIE).iter();
        let pairs = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'));
        pairs
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == COOKIE)
            .map(|(_, value)| Self(value.to_owned()))
    }

    /// Returns the cookie. Without a path it holds for the folder of the desk as the browser sees it, whatever prefix a proxy
    /// puts before it.
    pub(super) fn cookie(&self, secure: bool) -> String {
        let secure = if secure { "; Secure" } else { "" };
        format!("{COOKIE}={}; HttpOnly; SameSite=Strict{secure}", self.0)
    }

    /// Returns the cookie that takes it back.
    pub(super) fn no_cookie() -> String {
        format!("{COOKIE}=; HttpOnly; SameSite=Strict; Max-Age=0")
    }
}

/// Tells whether the proof that came with a form is that of its session, in a time that does not tell how far it is right.
pub(super) fn proven(session: &Session, proof: &str) -> bool {
    blake3::hash(session.proof.as_bytes()) == blake3::hash(proof.as_bytes())
}

/// Tells whether a change is asked for by a page of this server. Programs, which say nothing of where they come from, pass:
/// they hold no cookies of anybody.
pub(super) fn own_site(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    // Without TLS browsers do not tell the former.
    let Some(origin) = text("origin") else { return true };
    let host = text("host").unwrap_or_default();
    origin
        .split_once("://")
        .is_some_and(|(_, at)| at.eq_ignore_ascii_case(host))
}

/// Tells whether the browser speaks TLS, be it with a proxy.
pub(super) fn by_tls(headers: &HeaderMap) -> bool {
    headers
        .get(header::ORIGIN)
        .is_some_and(|origin| origin.as_bytes().starts_with(b"https://"))
}

/// Tells whether a request names this machine by an address: a page of elsewhere whose name was made to lead here does not.
pub(super) fn by_address(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: &str = "sesame sesame sesame";

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ten_wrong_tokens_a_minute_and_then_none_not_even_the_right_one() {
        let access = Access::new(Some(RIGHT));
        let now = Instant::now();
        let near = address("2001:db8::1");
        for _ in 0..WRONG_A_MINUTE {
            assert_eq!(access.check("sesame", near, now), Err(Denied::Wrong));
        }
        let same = address("2001:db8::2");
        assert!(matches!(
            access.check(RIGHT, same, now),
            Err(Denied::TooOften(wait)) if wait <= Duration::from_secs(6)
        ));
        assert_eq!(access.check(RIGHT, address("192.0.2.1"), now), Ok(()));
        assert_eq!(access.check(RIGHT, near, now + Duration::from_secs(7)), Ok(()));
    }

    #[test]
    fn the_right_token_costs_nothing_however_often() {
        let access = Access::new(Some(RIGHT));
        let now = Instant::now();
        assert!((0..50).all(|_| access.check(RIGHT, address("::1"), now).is_ok()));
    }

    #[test]
    fn a_session_ends_twelve_hours_after_its_last_use() {
        let access = Access::new(None);
        let now = Instant::now();
        let id = access.begin(None, now).unwrap();
        let later = now + IDLE - Duration::from_secs(1);
        assert!(access.with(&id, later, |_| ()).is_some());
        assert!(
            access
                .with(&id, later + IDLE - Duration::from_secs(1), |_| ())
                .is_some()
        );
        assert!(access.with(&id, later + IDLE * 2, |_| ()).is_none());
        let other = access.begin(None, now).unwrap();
        access.end(&other);
        assert!(access.with(&other, now, |_| ()).is_none());
    }

    #[test]
    fn no_more_sessions_are_kept_than_there_are_places() {
        let access = Access::new(None);
        let now = Instant::now();
        let first = access.begin(None, now).unwrap();
        for nth in 1..=MAX_SESSIONS as u64 {
            access.begin(None, now + Duration::from_millis(nth)).unwrap();
        }
        assert_eq!(locked(&access.sessions).len(), MAX_SESSIONS);
        assert!(access.with(&first, now, |_| ()).is_none());
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = axum::http::HeaderName::from_static(name);
            (name, axum::http::HeaderValue::from_static(value))
        });
        pairs.collect()
    }

    #[test]
    fn a_change_comes_from_a_page_of_this_server_or_from_a_program() {
        for (own, pairs) in [
            (true, &[("sec-fetch-site", "same-origin")][..]),
            (false, &[("sec-fetch-site", "cross-site")]),
            (false, &[("sec-fetch-site", "same-site")]),
            (false, &[("sec-fetch-site", "none")]),
            (
                true,
                &[
                    ("origin", "http://docs.example:8080"),
                    ("host", "docs.example:8080"),
                ],
            ),
            (
                false,
                &[("origin", "http://evil.example"), ("host", "docs.example")],
            ),
            (false, &[("origin", "null"), ("host", "docs.example")]),
            (true, &[("host", "docs.example")]),
        ] {
            assert_eq!(own_site(&headers(pairs)), own, "{pairs:?}");
        }
    }

    #[test]
    fn a_name_that_was_made_to_lead_here_is_no_address() {
        for (host, expected) in [
            ("127.0.0.1:9464", true),
            ("[::1]:9464", true),
            ("localhost", true),
            ("10.1.2.3", true),
            ("evil.example:9464", false),
            ("127.0.0.1.evil.example", false),
            ("", false),
        ] {
            assert_eq!(by_address(&headers(&[("host", host)])), expected, "{host}");
        }
    }

    #[test]
    fn the_cookie_comes_back_among_others() {
        let id = SessionId("0a1b".to_owned());
        let set = id.cookie(true);
        assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict") && set.contains("Secure"));
        assert!(!id.cookie(false).contains("Secure"));
        let got = SessionId::of(&headers(&[("cookie", "a=b; docent-desk=0a1b; c=d")]));
        assert_eq!(got, Some(id));
        assert_eq!(SessionId::of(&headers(&[("cookie", "xdocent-desk=1")])), None);
    }
}
