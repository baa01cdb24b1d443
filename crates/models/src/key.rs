//! Keys of endpoints: where they come from, kept fresh, never shown.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::{timeout, timeout_at};

use crate::error::{ModelError, Stage};

/// The longest key that is taken: tokens of identity providers reach some kilobytes, headers of servers end at 8 to 16.
const LONGEST: usize = 8 << 10;
/// How long a command may take: it asks a server of tokens, which is one call over the network.
const COMMAND: Duration = Duration::from_secs(15);

/// The longest life of a key that a command made; a clock cannot count to the largest number of settings.
const LIFETIME: Duration = Duration::from_hours(24 * 365);

/// Text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes `text` as it is, without the white space around it.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// Lends the text to whoever puts it into a header.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("(hidden)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("(hidden)")
    }
}

/// Where the key of an endpoint comes from.
#[derive(Clone, Default)]
pub enum Key {
    /// The server wants none.
    #[default]
    None,
    /// It stands in the settings.
    Text(Secret),
    /// The value that an environment variable had; whoever reads the settings has read it.
    Environment(Secret),
    /// A file that holds nothing else; it is read again when it has changed.
    File(PathBuf),
    /// A program prints it; it is run again after `lifetime`, and once when the server refuses the key before that.
    Command {
        /// The program.
        program: PathBuf,
        /// Its arguments.
        args: Vec<String>,
        /// How long a key is good.
        lifetime: Duration,
    },
}

impl fmt::Debug for Key {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::None => "no key",
            Self::Text(_) => "key from the settings",
            Self::Environment(_) => "key from the environment",
            Self::File(_) => "key from a file",
            // The arguments may hold a password.
            Self::Command { .. } => "key from a command",
        })
    }
}

impl Key {
    /// Checks what is known already.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self {
            Self::Text(secret) | Self::Environment(secret) => match flaw(secret) {
                None => Ok(()),
                Some(flaw) => Err(format!("the {self:?} {flaw}")),
            },
            Self::None | Self::File(_) | Self::Command { .. } => Ok(()),
        }
    }
}

/// A key in use.
#[derive(Debug)]
pub(crate) struct Keyring {
    key: Key,
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
struct Held {
    secret: Secret,
    good: Good,
}

#[derive(Debug)]
enum Good {
    Until(Instant),
    While(Option<SystemTime>, u64),
}

impl Keyring {
    pub(crate) fn new(key: Key) -> Self {
        Self {
            key,
            held: Mutex::new(None),
        }
    }

    /// Returns the key as it is now; runs the command or reads the file when that is due.
    pub(crate) async fn secret(&self, deadline: Instant) -> Result<Option<Secret>, ModelError> {
        match &self.key {
            Key::None => Ok(None),
            Key::Text(secret) | Key::Environment(secret) => Ok(Some(secret.clone())),
            Key::File(path) => timeout_at(deadline.into(), self.read_file(path))
                .await
                .map_err(|_| ModelError::timed_out(Stage::Key))?
                .map(Some),
            Key::Command {
                program,
                args,
                lifetime,
            } => timeout_at(deadline.into(), self.run_command(program, args, *lifetime))
                .await
                .map_err(|_| ModelError::timed_out(Stage::Key))?
                .map(Some),
        }
    }

    /// Tells whether another key than the `refused` one may be had, and forgets that.
    pub(crate) async fn renew(&self, refused: &Secret) -> bool {
        match self.key {
            Key::None | Key::Text(_) | Key::Environment(_) => false,
            Key::File(_) | Key::Command { .. } => {
                let mut held = self.held.lock().await;
                if held.as_ref().is_some_and(|held| held.secret == *refused) {
                    *held = None;
                }
                true
            }
        }
    }

    async fn read_file(&self, path: &Path) -> Result<Secret, ModelError> {
        let unreadable = |error: std::io::Error| ModelError::NoKey {
            reason: format!("cannot read {}: {error}", path.display()),
        };
        let state = tokio::fs::metadata(path).await.map_err(unreadable)?;
        let (changed, length) = (state.modified().ok(), state.len());
        let mut held = self.held.lock().await;
        if let Some(Held {
            secret,
            good: Good::While(when, bytes),
        }) = &*held
            && (*when, *bytes) == (changed, length)
        {
            return Ok(secret.clone());
        }
        if length > LONGEST as u64 {
            return Err(ModelError::NoKey {
                reason: format!("{} is longer than a key can be", path.display()),
            });
        }
        let text = tokio::fs::read_to_string(path).await.map_err(unreadable)?;
        let secret = fit(&text, || path.display().to_string())?;
        *held = Some(Held {
            secret: secret.clone(),
            good: Good::While(changed, length),
        });
        Ok(secret)
    }

    async fn run_command(
        &self,
        program: &Path,
        args: &[String],
        lifetime: Duration,
    ) -> Result<Secret, ModelError> {
        // Held while the command runs, so that many questions at once run it once.
        let mut held = self.held.lock().await;
        if let Some(Held {
            secret,
            good: Good::Until(end),
        }) = &*held
            && Instant::now() < *end
        {
            return Ok(secret.clone());
        }
        let begun = Instant::now();
        let text = timeout(COMMAND, run(program, args))
            .await
            .map_err(|_| ModelError::timed_out(Stage::Key))??;
        let secret = fit(&text, || program.display().to_string())?;
        *held = Some(Held {
            secret: secret.clone(),
            good: Good::Until(begun + lifetime.min(LIFETIME)),
        });
        Ok(secret)
    }
}

/// Takes what was read for a key when it can be one.
fn fit(text: &str, whence: impl Fn() -> String) -> Result<Secret, ModelError> {
    let secret = Secret::new(text);
    match flaw(&secret) {
        None => Ok(secret),
        Some(flaw) => Err(ModelError::NoKey {
            reason: format!("what {} gave {flaw}", whence()),
        }),
    }
}

/// Says why a text cannot be a key.
fn flaw(secret: &Secret) -> Option<&'static str> {
    match secret.reveal() {
        "" => Some("is empty"),
        text if text.chars().any(char::is_whitespace) => Some("holds more than one word"),
        text if !text.bytes().all(|byte| byte.is_ascii_graphic()) => Some("holds letters that no key has"),
        _ => None,
    }
}

async fn run(program: &Path, args: &[String]) -> Result<String, ModelError> {
    let failed = |reason: String| ModelError::NoKey {
        reason: format!("{} {reason}", program.display()),
    };
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // What it complains of may quote the password that it was given.
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(format!("cannot be run: {error}")))?;
    let mut text = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout
            .take(LONGEST as u64 + 1)
            .read_to_end(&mut text)
            .await
            .map_err(|error| failed(format!("cannot be read: {error}")))?;
    }
    if text.len() > LONGEST {
        return Err(failed("prints more than a key".to_owned()));
    }
    let end = child
        .wait()
        .await
        .map_err(|error| failed(format!("did not end: {error}")))?;
    if !end.success() {
        return Err(failed(format!("failed ({end})")));
    }
    String::from_utf8(text).map_err(|_| failed("prints what is no text".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    fn shell(script: &str, lifetime: Duration) -> Keyring {
        Keyring::new(Key::Command {
            program: "/bin/sh".into(),
            args: vec!["-c".to_owned(), script.to_owned()],
            lifetime,
        })
    }

    #[test]
    fn no_form_of_a_key_is_shown() {
        let word = "sk-do-not-show";
        let keys = [
            Key::Text(Secret::new(word)),
            Key::Environment(Secret::new(word)),
            Key::Command {
                program: "token".into(),
                args: vec![word.to_owned()],
                lifetime: Duration::from_mins(25),
            },
        ];
        for key in keys {
            let ring = Keyring::new(key.clone());
            assert!(!format!("{key:?} {ring:?}").contains(word));
        }
        let held = Held {
            secret: Secret::new(word),
            good: Good::Until(Instant::now()),
        };
        assert!(!format!("{held:?} {}", held.secret).contains(word));
    }

    #[tokio::test]
    async fn a_file_is_read_again_when_it_has_changed() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "one").unwrap();
        let ring = Keyring::new(Key::File(file.path().to_owned()));
        assert_eq!(ring.secret(soon()).await.unwrap(), Some(Secret::new("one")));
        std::fs::write(file.path(), "second\n").unwrap();
        assert_eq!(ring.secret(soon()).await.unwrap(), Some(Secret::new("second")));
        std::fs::write(file.path(), "").unwrap();
        assert!(ring.secret(soon()).await.is_err(), "an empty one is no key");
    }

    #[tokio::test]
    async fn a_command_runs_once_for_many_and_again_when_its_key_is_old_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let count = folder.path().join("count");
        let script = format!("echo x >>{0}; wc -l <{0} | tr -d ' '", count.display());
        let ring = shell(&script, Duration::from_mins(25));
        let several = futures_util::future::join_all((0..8).map(|_| ring.secret(soon()))).await;
        for secret in several {
            assert_eq!(secret.unwrap(), Some(Secret::new("1")));
        }
        assert!(ring.renew(&Secret::new("1")).await);
        assert_eq!(ring.secret(soon()).await.unwrap(), Some(Secret::new("2")));
        // A refusal of the key before the last says nothing about the last.
        assert!(ring.renew(&Secret::new("1")).await);
        assert_eq!(ring.secret(soon()).await.unwrap(), Some(Secret::new("2")));
        let brief = shell(&script, Duration::ZERO);
        assert_eq!(brief.secret(soon()).await.unwrap(), Some(Secret::new("3")));
        assert_eq!(brief.secret(soon()).await.unwrap(), Some(Secret::new("4")));
    }

    #[tokio::test]
    async fn a_command_that_gives_no_key_says_why_without_what_it_printed() {
        let table = [
            ("exit 3", "failed"),
            ("true", "empty"),
            ("echo hush hush", "more than one word"),
            ("echo hush; exit 1", "failed"),
            ("printf 'hush\\377'", "no text"),
            ("echo хаш", "no key has"),
            ("head -c 100000 /dev/zero | tr '\\0' h", "more than a key"),
        ];
        for (script, expected) in table {
            let error = shell(script, Duration::from_mins(1))
                .secret(soon())
                .await
                .unwrap_err();
            let told = error.to_string();
            assert!(told.contains(expected), "{script}: {told}");
            assert!(!told.contains("hush"), "{script}: {told}");
        }
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_ended_at_the_deadline() {
        let ring = shell("sleep 60", Duration::from_mins(1));
        let begun = Instant::now();
        let error = ring.secret(begun + Duration::from_millis(100)).await.unwrap_err();
        assert!(
            matches!(error, ModelError::TimedOut { stage: Stage::Key }),
            "{error}"
        );
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}
