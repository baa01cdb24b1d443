//! The command line as it is typed: commands, options, help.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use docent_corpus::{Language, Strictness};

use crate::check::Guard;
use crate::embeddings::Models;
use crate::failure::{EXIT_CODES, Failure};
use crate::journal::Form;
use crate::library::{self, Opened};
use crate::logs::Format;
use crate::settings::Config;

/// Turns a folder of documents into chat assistants that answer only from them.
///
/// A library is a folder. Each folder in it with an assistant.toml (id, name, description) is an assistant, the files
/// beside it are its documents. A folder without any is one assistant named after it.
#[derive(Parser)]
#[command(version, after_help = EXIT_CODES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// How two orders become one, as it is typed.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Fused {
    Sum,
    Rrf,
}

impl From<Fused> for docent_index::Fusion {
    fn from(fused: Fused) -> Self {
        match fused {
            Fused::Sum => Self::Sum,
            Fused::Rrf => Self::Rrf,
        }
    }
}

/// The library and where its index lives.
#[derive(Args)]
pub(super) struct Place {
    /// The folder with the documents.
    pub(super) library: PathBuf,
    /// Folder of the index; .docent inside the library unless set here or in docent.toml.
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
}

impl Place {
    pub(super) fn config(&self) -> Result<Config, Failure> {
        Ok(Config::read(&self.library)?)
    }

    pub(super) fn open(&self, config: &Config) -> Result<Opened, Failure> {
        library::open(&self.library, &self.data_folder(config)?, &Models::default())
    }

    /// Returns the folder of the index: the command line counts from where one stands, docent.toml from the library.
    pub(super) fn data_folder(&self, config: &Config) -> Result<PathBuf, Failure> {
        let chosen = match (&self.data, &config.data) {
            (Some(told), _) => told.clone(),
            (None, Some(set)) => self.library.join(set),
            (None, None) => self.library.join(library::INSIDE),
        };
        std::path::absolute(&chosen).map_err(|source| Failure::File { path: chosen, source })
    }
}

/// On or off.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Switch {
    On,
    Off,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Serve the chat page and the WebSocket until Ctrl-C or SIGTERM.
    Serve {
        #[command(flatten)]
        place: Place,
        /// Address to listen on [default: 127.0.0.1:8080]; port 0 picks a free one, the printed line says which.
        #[arg(long, value_name = "ADDR:PORT")]
        listen: Option<SocketAddr>,
        /// Language of errors to clients: ru, kk or en [default: ru].
        #[arg(long)]
        locale: Option<Language>,
        /// File that gets HOST:PORT once answers are served.
        #[arg(long, value_name = "PATH")]
        ready_file: Option<PathBuf>,
        /// Address of /livez, /readyz and /metrics [default: none]; port 0 picks a free one, the printed line says which.
        #[arg(long, value_name = "ADDR:PORT")]
        admin: Option<SocketAddr>,
        /// Whether limits on how often something may be done hold; off for benchmarks, sizes and deadlines stay.
        #[arg(long, value_enum, default_value_t = Switch::On)]
        rate_limits: Switch,
        /// Ask the golden questions before a changed library goes live: off, warn or block [default: off].
        #[arg(long)]
        check: Option<Guard>,
        /// File of the certificate chain (PEM): with --tls-key the server speaks https:// and wss://.
        #[arg(long, value_name = "FILE")]
        tls_certificate: Option<PathBuf>,
        /// File of its private key (PEM, without a password).
        #[arg(long, value_name = "FILE")]
        tls_key: Option<PathBuf>,
        /// How the log is written [default: text].
        #[arg(long, value_enum)]
        log_format: Option<Format>,
        /// Send every message at /echo back, for suites that try the framing.
        #[arg(long, hide = true)]
        echo_route: bool,
    },
    /// Answer one question on the terminal, without a server.
    Ask {
        #[command(flatten)]
        place: Place,
        /// The question.
        question: String,
        /// Number of the assistant; the first when absent.
        #[arg(long, value_name = "ID")]
        assistant: Option<i64>,
    },
    /// Show how the verdict on a question comes about: passages, scores, what is missing, the gate's evidence.
    Why {
        #[command(flatten)]
        place: Place,
        /// The question; none with --questions.
        #[arg(required_unless_present = "questions")]
        question: Option<String>,
        /// Number of the assistant; the first when absent.
        #[arg(long, value_name = "ID")]
        assistant: Option<i64>,
        /// Print JSON instead of text.
        #[arg(long)]
        json: bool,
        /// File with a question in each line, as text or as JSON with `question` (or `text`); prints a line of JSON for each.
        #[arg(long, value_name = "FILE", conflicts_with = "question")]
        questions: Option<PathBuf>,
    },
    /// Show how often an assistant answers wrongly and how often it refuses, at each strictness, from your own questions.
    Calibrate {
        #[command(flatten)]
        place: Place,
        /// Number of the assistant; the first when absent.
        #[arg(long, value_name = "ID")]
        assistant: Option<i64>,
        /// File with the questions; questions.jsonl in the assistant's folder when absent. 30 are enough to start.
        #[arg(long, value_name = "FILE")]
        questions: Option<PathBuf>,
        /// Write the same as a page.
        #[arg(long, value_name = "HTML")]
        report: Option<PathBuf>,
        /// Write a strictness into assistant.toml: careful, balanced, open or a probability.
        #[arg(long, value_name = "STRICTNESS", value_parser = crate::calibrate::strictness)]
        write: Option<Strictness>,
    },
    /// Ask the golden questions (questions.jsonl in the assistants' folders) and fail when one does not end as it must.
    Check {
        #[command(flatten)]
        place: Place,
        /// File with the questions of all assistants instead.
        #[arg(long, value_name = "FILE")]
        questions: Option<PathBuf>,
        /// Print JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Bring the index up to date with the documents; `serve` and `ask` do the same when they start.
    Index {
        #[command(flatten)]
        place: Place,
        /// Read every document again, changed or not.
        #[arg(long)]
        anew: bool,
        /// When another process is building the same index, wait for it instead of giving up.
        #[arg(long)]
        wait: bool,
        /// End when the process that started this one does.
        #[arg(long, hide = true)]
        child: bool,
        /// Leave what a model has to encode to a later run.
        #[arg(long, hide = true)]
        words_first: bool,
    },
    /// Show each document: read, partly read or failed, why and what to do.
    Status {
        #[command(flatten)]
        place: Place,
        /// Print JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Show what was asked and how it ended: shares, times, sources, and the questions asked in vain, alike together.
    Report {
        #[command(flatten)]
        place: Place,
        /// How far back, like 7d or 12h; all that is kept when absent.
        #[arg(long, value_name = "TIME")]
        since: Option<humantime::Duration>,
        /// Number of the assistant; all when absent.
        #[arg(long, value_name = "ID")]
        assistant: Option<i64>,
        /// How it is written.
        #[arg(long, value_enum, default_value_t = Form::Table)]
        format: Form,
    },
    /// Change the journal of the questions.
    Journal {
        #[command(subcommand)]
        order: Order,
    },
    /// List the assistants: number, name, description, number of files, parted by tabs.
    Assistants {
        #[command(flatten)]
        place: Place,
    },
    /// Measure finding and answering on a set of questions whose documents are known.
    Eval {
        /// Folder with docs.jsonl.gz (id, title, text in each line), queries.jsonl (id, text) and, if some documents are to be
        /// left out, `removed_docs.txt` (an id in each line).
        set: PathBuf,
        /// Documents instead of the set's, plain or gzipped.
        #[arg(long, value_name = "FILE")]
        docs: Option<PathBuf>,
        /// Ids of documents to leave out instead of the set's.
        #[arg(long, value_name = "FILE")]
        without: Option<PathBuf>,
        /// Questions instead of the set's; each `transform` among them is measured by itself, its name put into the names of
        /// the files.
        #[arg(long, value_name = "FILE")]
        queries: Option<PathBuf>,
        /// Word vectors to be used: navec, or word2vec or fastText as text.
        #[arg(long, value_name = "FILE")]
        words: Option<PathBuf>,
        /// Directory of a model to be used: BERT or XLM-RoBERTa as sentence-transformers writes it.
        #[arg(long, value_name = "DIR")]
        embeddings: Option<PathBuf>,
        /// How the order by words and that by the model become one.
        #[arg(long, value_enum, default_value_t = Fused::Sum)]
        fusion: Fused,
        /// File for the documents found, as a TREC run.
        #[arg(long, value_name = "FILE")]
        run: Option<PathBuf>,
        /// File for the answers, a line of JSON each.
        #[arg(long, value_name = "FILE")]
        answers: Option<PathBuf>,
    },
    /// Print the text that was read from a file.
    Extract {
        /// The file.
        file: PathBuf,
        /// Print JSON with headings, lists, tables and pages instead of text.
        #[arg(long)]
        json: bool,
        /// Print what nobody sees in it and never answers instead of its text.
        #[arg(long, conflicts_with = "json")]
        hidden: bool,
        /// Read it in this process instead of a child with limits.
        #[arg(long, hide = true)]
        here: bool,
    },
    /// Read documents for `index`, from standard input.
    #[command(hide = true)]
    ReadWorker,
    /// Check whether a server, ours or another's, keeps the assistant chat protocol.
    Conformance {
        /// Its socket, like <ws://127.0.0.1:8080/ws/assistant>.
        url: String,
        /// The language of its texts; those of other languages than Russian are held to their shapes only.
        #[arg(long, default_value_t = Language::Russian)]
        locale: Language,
        /// How long it may take for a reply.
        #[arg(long, value_name = "TIME", default_value = "10s")]
        timeout: humantime::Duration,
        /// Certificates to trust under wss://, PEM; that of the server itself will do.
        #[arg(
            long,
            value_name = "FILE",
            default_value = "/etc/ssl/certs/ca-certificates.crt"
        )]
        ca: PathBuf,
    },
    /// Recognise a picture on standard input, confined.
    #[command(hide = true)]
    OcrWorker {
        /// The languages, `rus+eng`.
        languages: String,
        /// How it goes about a page.
        mode: String,
    },
    /// Try the models that the settings name.
    Models {
        #[command(subcommand)]
        command: ModelsCommand,
    },
    /// Print every setting with its meaning, as a docent.toml.
    Config {
        /// The folder whose docent.toml is read; the defaults when absent.
        library: Option<PathBuf>,
    },
}

/// What can be done with models.
#[derive(Subcommand)]
pub(super) enum ModelsCommand {
    /// Call each of them once and tell whether it can be used, for what, and how fast it is.
    Check {
        /// The folder whose docent.toml names them.
        library: PathBuf,
    },
}

/// What can be done with the journal.
#[derive(Subcommand)]
pub(super) enum Order {
    /// Take a question out of the journal, by the number that its error, the log or a report names.
    Erase {
        #[command(flatten)]
        place: Place,
        /// Number of the request.
        id: String,
    },
}
