//! The journal of a library: which one `docent.toml` chooses, what the gateway puts into it, and the commands on it.
//!
//! Owns the way from the gateway's records to the journal's entries. Leaves writing and reading to the crate of the journal.

mod report;

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use docent_gateway::{Counts, Ended, Gateway, Part, Record, Recorder, RequestId};
use docent_journal::{
    Cited, Entry, Journal, JournalError, Outcome, Place, Reader, Settings, Text, UnusableUrl, Writing,
};

pub(crate) use report::{Form, Report, normal};

/// The file of the journal, in the folder of the index.
const FILE: &str = "journal.db";

/// Where the operator wants the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// Nowhere.
    Off,
    /// In a file beside the index.
    File,
    /// In a database of a server.
    At(Place),
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::File => f.write_str("file"),
            Self::At(place) => place.fmt(f),
        }
    }
}

impl FromStr for Chosen {
    type Err = UnusableUrl;

    fn from_str(text: &str) -> Result<Self, UnusableUrl> {
        match text {
            "off" => Ok(Self::Off),
            "file" => Ok(Self::File),
            url => url.parse().map(Self::At),
        }
    }
}

/// What `docent.toml` says of the journal.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) url: Chosen,
    pub(crate) text: Text,
    pub(crate) keep: Duration,
}

impl Default for Wanted {
    fn default() -> Self {
        let usual = Settings::at(Place::File(FILE.into()));
        Self {
            url: Chosen::File,
            text: usual.text,
            keep: usual.keep,
        }
    }
}

impl Wanted {
    /// Returns where the journal of a library is whose index lives in `data`; nothing when it has none.
    fn place(&self, data: &Path) -> Option<Place> {
        match &self.url {
            Chosen::Off => None,
            Chosen::File => Some(Place::File(data.join(FILE))),
            Chosen::At(place) => Some(place.clone()),
        }
    }
}

/// What keeps the records of a server; what waits is written when it is dropped.
pub(crate) struct Keeping {
    journal: Journal,
    _writing: Writing,
}

impl Keeping {
    /// Begins a journal beside the server; nothing when it is switched off. Nothing is opened yet when it returns.
    pub(crate) fn begin(wanted: &Wanted, data: &Path) -> std::io::Result<Option<Self>> {
        let Some(place) = wanted.place(data) else {
            return Ok(None);
        };
        let (journal, writing) = docent_journal::begin(Settings {
            text: wanted.text,
            keep: wanted.keep,
            ..Settings::at(place)
        })?;
        Ok(Some(Self {
            journal,
            _writing: writing,
        }))
    }

    /// Has the server's questions recorded.
    pub(crate) fn of(&self, gateway: Gateway) -> Gateway {
        // Servers that share a journal, and the runs of one, must not use the same numbers for requests.
        let run = RandomState::new().build_hasher().finish() as u32;
        gateway.recorded(Arc::new(Keeper(self.journal.clone())), run)
    }
}

/// The gateway's side of the journal.
struct Keeper(Journal);

impl Recorder for Keeper {
    fn wants_text(&self) -> bool {
        self.0.wants_text()
    }

    fn ended(&self, record: Record) {
        let Record {
            request,
            assistant,
            question,
            outcome,
            cited,
            part,
            took,
        } = record;
        let now = SystemTime::now();
        let place = |one: docent_gateway::Cited| {
            let docent_gateway::Cited {
                document,
                section,
                page,
            } = one;
            Cited {
                document,
                section,
                page,
            }
        };
        self.0.record(Entry {
            request: request.to_string(),
            at: now.checked_sub(took).unwrap_or(now),
            assistant,
            question,
            outcome: outcome_of(outcome),
            cited: cited.into_iter().map(place).collect(),
            model: part.map(Part::name),
            took,
        });
    }

    fn judged(&self, request: RequestId, helpful: bool) {
        self.0.judge(request.to_string(), helpful);
    }

    fn counts(&self) -> Counts {
        let docent_journal::Counts { written, lost } = self.0.counts();
        Counts { written, lost }
    }
}

fn outcome_of(ended: Ended) -> Outcome {
    match ended {
        Ended::Answered => Outcome::Answered,
        Ended::Offered => Outcome::Offered,
        Ended::Fallback => Outcome::Fallback,
        Ended::Courtesy => Outcome::Courtesy,
        Ended::Refused => Outcome::Refused,
        Ended::Busy => Outcome::Busy,
        Ended::TimedOut => Outcome::TimedOut,
        Ended::Failed => Outcome::Failed,
        Ended::Panicked => Outcome::Panicked,
        Ended::Abandoned => Outcome::Abandoned,
    }
}

/// Why a command on the journal did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    #[error("this library keeps no journal: journal.url is \"off\" in docent.toml")]
    Off,
    #[error("there is no question {0} in the journal")]
    Unknown(String),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Unread {
    /// Returns what to do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Off => Some("take the line out, and what is asked from then on is kept"),
            Self::Unknown(_) => {
                Some("`docent report --format json` names the slowest; errors and the log name each")
            }
            Self::Journal(JournalError::None { .. }) => {
                Some("serve the library first; --data says where its index is")
            }
            Self::Journal(JournalError::Database(_)) => {
                Some("is the server of journal.url in docent.toml there, or may this user write the file?")
            }
            Self::Journal(JournalError::File { .. } | JournalError::Tables(_)) => None,
        }
    }
}

/// Runs something that waits for the database.
pub(crate) fn wait<T>(work: impl Future<Output = Result<T, Unread>>) -> std::io::Result<Result<T, Unread>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(work))
}

/// Reads a library's journal.
pub(crate) async fn reader(wanted: &Wanted, data: &Path) -> Result<Reader, Unread> {
    let place = wanted.place(data).ok_or(Unread::Off)?;
    Ok(Reader::open(place).await?)
}

/// Takes one question out of a library's journal.
pub(crate) fn erase(wanted: &Wanted, data: &Path, request: &str) -> std::io::Result<Result<(), Unread>> {
    wait(async {
        let there = reader(wanted, data).await?.erase(request).await?;
        there
            .then_some(())
            .ok_or_else(|| Unread::Unknown(request.to_owned()))
    })
}
