//! Where a journal is kept, and an address that does not show its password.

use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::ConnectOptions;
use sqlx::any::AnyConnectOptions;

/// Where a journal is kept.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// An SQLite database in a file, for one server.
    File(PathBuf),
    /// A PostgreSQL database, which several servers may share.
    Server(Url),
}

/// The address of a PostgreSQL database. Printed, it has dots for its password.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

/// No address of a PostgreSQL database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an address like postgres://docent@localhost/docent")]
pub struct UnusableUrl;

impl FromStr for Place {
    type Err = UnusableUrl;

    fn from_str(url: &str) -> Result<Self, UnusableUrl> {
        let known = ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| url.starts_with(scheme));
        // What it says would repeat the address.
        let parsed = AnyConnectOptions::from_str(url).is_ok();
        (known && parsed)
            .then(|| Self::Server(Url(url.to_owned())))
            .ok_or(UnusableUrl)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(options) = AnyConnectOptions::from_str(&self.0) else {
            return f.write_str("postgres://…");
        };
        let mut url = options.to_url_lossy();
        if url.password().is_some() && url.set_password(Some("***")).is_err() {
            return f.write_str("postgres://…");
        }
        // Options of a connection may hold a password as well.
        if url.query().is_some_and(|query| query.contains("password")) {
            url.set_query(None);
        }
        url.fmt(f)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(url) => url.fmt(f),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({self})")
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

impl Place {
    /// Returns what the library connects to. Statements are not logged: they would name what is written.
    pub(crate) fn options(&self) -> Result<AnyConnectOptions, sqlx::Error> {
        let url = match self {
            Self::File(path) => file_url(path),
            Self::Server(url) => url.0.clone(),
        };
        Ok(AnyConnectOptions::from_str(&url)?.disable_statement_logging())
    }
}

/// Writes a path as an address: whatever may mean something in one is escaped.
fn file_url(path: &Path) -> String {
    let mut url = "sqlite://".to_owned();
    for &byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => url.push(char::from(byte)),
            _ => {
                use fmt::Write;
                let _ = write!(url, "%{byte:02X}");
            }
        }
    }
    url + "?mode=rw"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for url in [
            "postgres://docent:geheim@db.example:5433/docent?sslmode=require",
            "postgresql://docent@db.example/docent?password=geheim",
        ] {
            let place: Place = url.parse().unwrap();
            for shown in [
                place.to_string(),
                format!("{place:?}"),
                format!("{:?}", Some(&place)),
            ] {
                assert!(
                    !shown.contains("geheim") && shown.contains("db.example"),
                    "{shown}"
                );
            }
        }
    }

    #[test]
    fn only_addresses_of_postgres_are_taken() {
        for url in [
            "",
            "off",
            "mysql://a/b",
            "sqlite://x",
            "postgres://[",
            "/var/lib/journal.db",
        ] {
            assert_eq!(url.parse::<Place>(), Err(UnusableUrl), "{url}");
        }
    }
}
