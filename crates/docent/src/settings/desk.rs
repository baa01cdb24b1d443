//! `[desk]`: where the keeper's desk is and who may sit at it.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{fmt, fs};

use docent_gateway::{DeskSettings, Listener};

use super::environment;
use crate::failure::Failure;

/// The variable of the environment that may hold the token.
const VARIABLE: &str = "DOCENT_DESK_TOKEN";

/// Characters of a token: with ten tries a minute nobody guesses what a person would choose of that length.
const LEAST_CHARS: usize = 16;

/// Where the desk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    Off,
    On(Listener),
}

/// Not a place.
pub(crate) struct NowhereError;

impl FromStr for At {
    type Err = NowhereError;

    fn from_str(text: &str) -> Result<Self, NowhereError> {
        match text {
            "off" => Ok(Self::Off),
            "admin" => Ok(Self::On(Listener::Admin)),
            "public" => Ok(Self::On(Listener::Public)),
            _ => Err(NowhereError),
        }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::On(Listener::Admin) => "admin",
            Self::On(Listener::Public) => "public",
        })
    }
}

/// The section as written.
#[derive(Debug, Clone)]
pub(crate) struct DeskSection {
    /// None where it follows from the token.
    pub(crate) at: Option<At>,
    pub(crate) token: Option<String>,
    /// Relative to the library.
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) upload_bytes: usize,
}

impl Default for DeskSection {
    fn default() -> Self {
        Self {
            at: None,
            token: None,
            token_file: None,
            upload_bytes: 50 << 20,
        }
    }
}

impl DeskSection {
    /// Returns the place that is set, or that a token stands for.
    pub(crate) fn place(&self) -> At {
        let told = self.token.is_some() || self.token_file.is_some();
        self.at
            .unwrap_or(if told { At::On(Listener::Public) } else { At::Off })
    }

    /// Returns where the desk is and how it is set up; nothing when it is off.
    pub(crate) fn meant(
        &self,
        library: &Path,
        has_admin: bool,
    ) -> Result<Option<(Listener, DeskSettings)>, Failure> {
        let token = self.token(library)?;
        let at = match (self.place(), &token) {
            // The environment stands for the public desk as the file does.
            (At::Off, Some(_)) if self.at.is_none() => At::On(Listener::Public),
            (at, _) => at,
        };
        let At::On(listener) = at else { return Ok(None) };
        let wrong = |reason: String| Err(Failure::Desk { reason });
        if let Some(token) = &token
            && token.chars().count() < LEAST_CHARS
        {
            return wrong(format!("the token has fewer than {LEAST_CHARS} characters"));
        }
        if listener == Listener::Public && token.is_none() {
            return wrong("everybody could change the documents: set a token".to_owned());
        }
        if listener == Listener::Admin && !has_admin {
            return wrong("there is no listener of the operator: set admin".to_owned());
        }
        let upload_bytes = u64::try_from(self.upload_bytes).unwrap_or(u64::MAX);
        Ok(Some((listener, DeskSettings { token, upload_bytes })))
    }

    fn token(&self, library: &Path) -> Result<Option<String>, Failure> {
        if let Some(token) = &self.token {
            return Ok(Some(token.trim().to_owned()));
        }
        if let Some(file) = &self.token_file {
            let path = library.join(file);
            let text = fs::read_to_string(&path).map_err(|source| Failure::Desk {
                reason: format!("{} cannot be read: {source}", path.display()),
            })?;
            return Ok(Some(text.trim().to_owned()));
        }
        Ok(environment(VARIABLE).map(|token| token.trim().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(at: Option<At>, token: Option<&str>, has_admin: bool) -> Result<Option<Listener>, String> {
        let section = DeskSection {
            at,
            token: token.map(ToOwned::to_owned),
            ..DeskSection::default()
        };
        let meant = section.meant(Path::new("."), has_admin);
        meant
            .map(|desk| desk.map(|(at, _)| at))
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_desk_is_where_it_is_set_and_never_open_to_everybody() {
        let (admin, public) = (At::On(Listener::Admin), At::On(Listener::Public));
        let long = Some("sixteen letters!");
        assert_eq!(meant(None, None, true), Ok(None));
        assert_eq!(meant(Some(At::Off), long, true), Ok(None));
        assert_eq!(meant(None, long, false), Ok(Some(Listener::Public)));
        assert_eq!(meant(Some(admin), None, true), Ok(Some(Listener::Admin)));
        assert!(
            meant(Some(public), None, true)
                .unwrap_err()
                .contains("set a token")
        );
        assert!(meant(Some(admin), None, false).unwrap_err().contains("set admin"));
        assert!(
            meant(None, Some("fifteen letters"), true)
                .unwrap_err()
                .contains("fewer than 16")
        );
    }

    #[test]
    fn a_token_may_stand_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("token"), "a token of some length\n").unwrap();
        let section = DeskSection {
            token_file: Some("token".into()),
            ..DeskSection::default()
        };
        let (at, settings) = section.meant(folder.path(), false).unwrap().unwrap();
        assert_eq!(
            (at, settings.token.as_deref()),
            (Listener::Public, Some("a token of some length"))
        );
        fs::remove_file(folder.path().join("token")).unwrap();
        assert!(section.meant(folder.path(), false).is_err());
    }
}
