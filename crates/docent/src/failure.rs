//! What can end a command: the person's words, the remedy and the exit code.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use docent_corpus::{AssistantId, RetrieveError, Unreadable};
use docent_encoder::EncoderError;
use docent_gateway::CertificateError;
use docent_index::StoreError;
use docent_ingest::LibraryError;

use crate::conformance::Unusable;
use crate::journal::Unread;
use crate::settings::ConfigError;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Library(#[from] LibraryError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot write {path}")]
    ReadyFile {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot read {path}")]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{path}: {refusal}")]
    Document { path: PathBuf, refusal: Unreadable },
    /// The process that read a file gave up.
    #[error("{path}: {code}: {reason}")]
    Apart {
        path: PathBuf,
        code: String,
        reason: String,
    },
    #[error("cannot write the choice into {path}")]
    Settle {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot write {path}")]
    Report {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{path}: {}", faults.join("\n"))]
    Questions { path: PathBuf, faults: Vec<String> },
    #[error("the model of [embeddings] cannot be used")]
    Model(#[from] EncoderError),
    #[error("there are no questions to ask")]
    NoQuestions,
    #[error("there is no assistant {0}")]
    UnknownAssistant(AssistantId),
    #[error("no answer could be made")]
    Answer(#[source] RetrieveError),
    /// The child that indexes failed and has said why.
    #[error("the index could not be brought up to date")]
    Child(u8),
    #[error("the process that indexes failed: {0}")]
    Indexer(String),
    #[error(transparent)]
    Conformance(#[from] Unusable),
    #[error("TLS cannot be offered")]
    Tls(#[from] CertificateError),
    #[error("TLS needs a certificate and its key: there is {path}, but no {lacks}", path = .path.display())]
    HalfTls { path: PathBuf, lacks: &'static str },
    #[error("[desk] in docent.toml cannot be used: {reason}")]
    Desk { reason: String },
    #[error("[{section}] in docent.toml cannot be used: {reason}")]
    Models { section: &'static str, reason: String },
    #[error(transparent)]
    Journal(#[from] Unread),
    #[error("the server cannot run")]
    Server(#[from] std::io::Error),
}

/// The exit codes, as the help text and the tests have them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed for another reason
  2  wrong arguments
  3  ask: the documents give no answer
  4  the library or its settings have to be mended
  5  the index cannot be used
  6  extract: the file gives no text
  7  serve: the address cannot be listened on
  8  check: a question does not end as it must; conformance: the server breaks the protocol; models check: one cannot be used";

/// Returns an error with its causes, for a log.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        cause = deeper.source();
    }
    text
}

impl Failure {
    /// The exit code of a command that could not use the index.
    const INDEX: u8 = 5;

    /// Returns the exit code that scripts can tell the failure by.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Child(code) => *code,
            Self::ReadyFile { .. }
            | Self::Settle { .. }
            | Self::Report { .. }
            | Self::UnknownAssistant(_)
            | Self::Answer(_)
            | Self::Journal(_)
            | Self::Server(_) => 1,
            Self::Library(_)
            | Self::Config(_)
            | Self::Questions { .. }
            | Self::NoQuestions
            | Self::Tls(_)
            | Self::HalfTls { .. }
            | Self::Desk { .. }
            | Self::Models { .. }
            | Self::Model(_)
            | Self::Store(StoreError::Words { .. }) => 4,
            Self::Store(_) | Self::Indexer(_) => Self::INDEX,
            Self::File { .. } | Self::Document { .. } | Self::Apart { .. } => 6,
            Self::Listen { .. } => 7,
            Self::Conformance(_) => 8,
        })
    }

    /// Tells whether only the index is at fault: an earlier state of it can still answer.
    pub(crate) fn is_of_the_index(&self) -> bool {
        match self {
            Self::Child(code) => *code == Self::INDEX,
            // A file of word vectors that cannot be used is a setting to be mended.
            Self::Library(_)
            | Self::Store(StoreError::Words { .. })
            | Self::Model(_)
            | Self::Config(_)
            | Self::Listen { .. }
            | Self::ReadyFile { .. }
            | Self::File { .. }
            | Self::Document { .. }
            | Self::Apart { .. }
            | Self::Settle { .. }
            | Self::Report { .. }
            | Self::Questions { .. }
            | Self::NoQuestions
            | Self::Conformance(_)
            | Self::UnknownAssistant(_)
            | Self::Answer(_)
            | Self::Tls(_)
            | Self::HalfTls { .. }
            | Self::Desk { .. }
            | Self::Models { .. }
            | Self::Journal(_)
            | Self::Server(_) => false,
            Self::Store(_) | Self::Indexer(_) => true,
        }
    }

    /// Returns what to do about it, where the message itself does not say.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Library(LibraryError::Folder { .. }) => Some("give the folder that holds the documents"),
            Self::Library(LibraryError::Settings(_)) => Some("mend the files named; nothing was changed"),
            Self::Config(_) => Some("`docent config` prints every key with its default"),
            Self::Store(StoreError::Locked { .. }) => Some("wait until it is done, or stop that process"),
            Self::Store(StoreError::Damaged { .. }) => {
                Some("`docent index --anew` makes it from the documents")
            }
            Self::Store(StoreError::Words { .. }) => Some(
                "name another file as semantic.words in docent.toml, or take the line out: nothing depends on it",
            ),
            Self::Model(_) | Self::Store(StoreError::Model(_)) => Some(
                "name another directory as embeddings.path in docent.toml, or take the line out: nothing depends on it",
            ),
            Self::Store(StoreError::Io { .. } | StoreError::Write { .. }) => Some(
                "the index needs a folder that can be written: choose one with --data, or make room on the disk",
            ),
            Self::Indexer(_) => Some(
                "run `docent index` to see at which document it stops, and take that one out of the library",
            ),
            Self::Listen { .. } => Some("choose another address with --listen; port 0 picks a free port"),
            Self::NoQuestions => Some(
                "put them into questions.jsonl in the assistant's folder, a line each: {\"question\": \"…\", \"must_contain\": [\"…\"]} \
                 or {\"question\": \"…\", \"must_fall_back\": true}; or name a file with --questions",
            ),
            Self::Settle { .. } => Some("the assistant's folder needs an assistant.toml that can be written"),
            Self::UnknownAssistant(_) => Some("`docent assistants` lists them"),
            Self::Conformance(_) => Some("is the server running, and is this its socket?"),
            Self::ReadyFile { .. } => Some("give --ready-file a path that can be written"),
            Self::Answer(_) => Some("`docent index --anew` makes the index from the documents"),
            Self::Tls(error) => Some(tls_hint(error)),
            Self::HalfTls { .. } => Some(
                "set both [tls] certificate and key in docent.toml, or give --tls-certificate and --tls-key; neither for plain text",
            ),
            Self::Desk { .. } => Some(
                "`docent config` prints what [desk] may hold; the token may stand there, in a file or in DOCENT_DESK_TOKEN",
            ),
            Self::Models { .. } => Some(
                "`docent models check` tries every configured model; without [[chat.server]] and its like none is asked",
            ),
            Self::Journal(unread) => unread.hint(),
            Self::Child(_)
            | Self::Report { .. }
            | Self::Questions { .. }
            | Self::Apart { .. }
            | Self::File { .. }
            | Self::Document { .. }
            | Self::Server(_) => None,
        }
    }
}

fn tls_hint(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Unreadable { .. } => "the user that runs docent must be able to read both files",
        CertificateError::NoCertificate { .. } | CertificateError::NoKey { .. } => {
            "is it the right file? [tls] certificate is the chain (fullchain.pem), key the private key (privkey.pem)"
        }
        CertificateError::Locked { .. } => {
            "take the password off: openssl pkey -in KEY -out KEY-WITHOUT-PASSWORD"
        }
        CertificateError::Unusable { .. } => {
            "make or fetch the certificate anew; keys may be RSA, ECDSA (P-256, P-384) or Ed25519"
        }
        CertificateError::Strangers { .. } => {
            "take the two files of one certificate; in the chain the server's own comes first"
        }
    }
}
