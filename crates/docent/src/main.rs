//! The command line: reads a library, answers, serves.
//!
//! Owns arguments and the wiring. Leaves every rule to the crates it wires.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the command line"
)]

mod confine;
mod desk;
mod extract;
mod failure;
mod library;
mod ocr;
mod progress;
mod reader;
mod settings;
mod status;
mod watch;
mod why;

use std::error::Error;
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, Parser, Subcommand};
use docent_corpus::{AssistantId, Language, Outcome};
use docent_gateway::Engine;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use desk::Desk;
use failure::{EXIT_CODES, Failure};
use library::{Opened, Patience};
use settings::Config;
use watch::Watch;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// At most this many unreadable files are named when a server starts: the rest would push the address off the screen.
const WARNINGS_AT_START: usize = 10;

/// Turns a folder of documents into chat assistants that answer only from them.
///
/// A library is a folder. Each folder in it with an assistant.toml (id, name, description) is an assistant, the files
/// beside it are its documents. A folder without any is one assistant named after it.
#[derive(Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// The library and where its index lives.
#[derive(Args)]
struct Place {
    /// The folder with the documents.
    library: PathBuf,
    /// Folder of the index; .docent inside the library unless set here or in docent.toml.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Place {
    fn config(&self) -> Result<Config, Failure> {
        Ok(Config::read(&self.library)?)
    }

    fn open(&self, config: &Config) -> Result<Opened, Failure> {
        library::open(&self.library, &self.data_folder(config)?)
    }

    /// Returns the folder of the index: the command line counts from where one stands, docent.toml from the library.
    fn data_folder(&self, config: &Config) -> Result<PathBuf, Failure> {
        let chosen = match (&self.data, &config.data) {
            (Some(told), _) => told.clone(),
            (None, Some(set)) => self.library.join(set),
            (None, None) => self.library.join(library::INSIDE),
        };
        std::path::absolute(&chosen).map_err(|source| Failure::File { path: chosen, source })
    }
}

#[derive(Subcommand)]
enum Command {
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
    },
    /// Show each document: read, partly read or failed, why and what to do.
    Status {
        #[command(flatten)]
        place: Place,
        /// Print JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// List the assistants: number, name, description, number of files, parted by tabs.
    Assistants {
        #[command(flatten)]
        place: Place,
    },
    /// Print the text that was read from a file.
    Extract {
        /// The file.
        file: PathBuf,
        /// Print JSON with headings, lists, tables and pages instead of text.
        #[arg(long)]
        json: bool,
        /// Read it in this process instead of a child with limits.
        #[arg(long, hide = true)]
        here: bool,
    },
    /// Read documents for `index`, from standard input.
    #[command(hide = true)]
    ReadWorker,
    /// Recognise a picture on standard input, confined.
    #[command(hide = true)]
    OcrWorker {
        /// The languages, `rus+eng`.
        languages: String,
    },
    /// Print every setting with its meaning, as a docent.toml.
    Config {
        /// The folder whose docent.toml is read; the defaults when absent.
        library: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    // The libraries below tell what only their authors want to know.
    let levels = Targets::new()
        .with_default(tracing::Level::WARN)
        .with_target("docent", tracing::Level::INFO);
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .finish()
        .with(levels)
        .init();
    match run(Arguments::parse().command) {
        Ok(code) => code,
        // The child has said why.
        Err(failure @ Failure::Child(_)) => failure.exit_code(),
        Err(failure) => {
            eprintln!("error: {failure}");
            let mut cause = failure.source();
            while let Some(deeper) = cause {
                eprintln!("caused by: {deeper}");
                cause = deeper.source();
            }
            if let Some(hint) = failure.hint() {
                eprintln!("hint: {hint}");
            }
            failure.exit_code()
        }
    }
}

#[expect(clippy::too_many_lines, reason = "one short arm for each command")]
fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve {
            place,
            listen,
            locale,
            ready_file,
        } => {
            let mut config = place.config()?;
            config.listen = listen.unwrap_or(config.listen);
            config.gateway.locale = locale.unwrap_or(config.gateway.locale);
            let begun = Instant::now();
            let data = place.data_folder(&config)?;
            let opened = place.open(&config)?;
            opened.report(begun, WARNINGS_AT_START);
            let desk = Arc::new(Desk::new(opened));
            // Ended, its child included, when this arm is left.
            let _watch = Watch::begin(&place.library, &data, config.watch, desk.clone());
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(serve(desk, config, ready_file))?;
        }
        Command::Ask {
            place,
            question,
            assistant,
        } => {
            let desk = Desk::new(place.open(&place.config()?)?);
            let first = desk.assistants().first().map_or(AssistantId(1), |one| one.id);
            let id = assistant.map_or(first, AssistantId);
            let answer = desk
                .ask(id, &question)
                .ok_or(Failure::UnknownAssistant(id))?
                .map_err(Failure::Answer)?;
            println!("{}", answer.text);
            if matches!(answer.outcome, Outcome::Fallback | Outcome::Offered) {
                return Ok(ExitCode::from(3));
            }
        }
        Command::Why {
            place,
            question,
            assistant,
            json,
            questions,
        } => {
            let desk = Desk::new(place.open(&place.config()?)?);
            let first = desk.assistants().first().map_or(AssistantId(1), |one| one.id);
            let id = assistant.map_or(first, AssistantId);
            let account = |question: &str| {
                let (who, account) = desk.account(id, question).ok_or(Failure::UnknownAssistant(id))?;
                Ok::<_, Failure>((who, account.map_err(Failure::Answer)?))
            };
            if let Some(path) = questions {
                for question in asked(&path)? {
                    println!("{}", why::json(&question, &account(&question)?.1));
                }
            }
            if let Some(question) = question {
                let (who, account) = account(&question)?;
                if json {
                    println!("{:#}", why::json(&question, &account));
                } else {
                    print!("{}", why::text(&who, &account));
                }
            }
        }
        Command::Index { place, anew, wait } => {
            let begun = Instant::now();
            let data = place.data_folder(&place.config()?)?;
            let patience = if wait { Patience::Wait } else { Patience::GiveUp };
            library::index(&place.library, &data, anew, patience)?.report(begun, usize::MAX);
        }
        Command::Status { place, json } => {
            let data = place.data_folder(&place.config()?)?;
            let status = library::status(&place.library, &data)?;
            if json {
                println!("{:#}", status.json());
            } else {
                print!("{}", status.table());
            }
        }
        Command::Assistants { place } => {
            let data = place.data_folder(&place.config()?)?;
            for one in docent_ingest::scan(&place.library, Some(&data))?.assistants {
                println!(
                    "{}\t{}\t{}\t{}",
                    one.assistant.id,
                    one.assistant.name,
                    one.assistant.description,
                    one.files.len()
                );
            }
        }
        Command::Extract {
            file,
            json,
            here: false,
        } => {
            let mut arguments = vec![OsStr::new("--"), file.as_os_str()];
            if json {
                arguments.insert(0, OsStr::new("--json"));
            }
            let code = reader::extract_apart(&arguments).map_err(|refusal| Failure::Apart {
                path: file.clone(),
                code: refusal.code,
                reason: refusal.reason,
            })?;
            return Ok(ExitCode::from(code));
        }
        Command::Extract {
            file,
            json,
            here: true,
        } => {
            let document = extract::read(&file)?;
            reader::print(if json {
                format!("{:#}\n", extract::json(&document))
            } else {
                document.text
            })?;
        }
        Command::ReadWorker => reader::work()?,
        Command::OcrWorker { languages } => return Err(ocr::work(&languages).into()),
        Command::Config { library } => {
            let config = library
                .as_deref()
                .map_or_else(|| Ok(Config::default()), Config::read)?;
            print!("{}", config.print());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the questions of a file, one in each line.
fn asked(path: &Path) -> Result<Vec<String>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|source| Failure::File {
        path: path.to_owned(),
        source,
    })?;
    let question = |line: &str| {
        let json: Option<serde_json::Value> = serde_json::from_str(line).ok();
        let told = json
            .as_ref()
            .and_then(|json| json.get("question").or_else(|| json.get("text")));
        told.and_then(|told| told.as_str()).unwrap_or(line).to_owned()
    };
    Ok(text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(question)
        .collect())
}

async fn serve(desk: Arc<Desk>, config: Config, ready_file: Option<PathBuf>) -> Result<(), Failure> {
    let listener = docent_gateway::listen(config.listen).map_err(|source| Failure::Listen {
        address: config.listen,
        source,
    })?;
    let address = listener.local_addr()?;
    println!("chat page  http://{address}/\nsocket     ws://{address}/ws/assistant");
    if let Some(path) = &ready_file {
        write_ready(path, &address.to_string())?;
    }
    let stop = CancellationToken::new();
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let served = docent_gateway::serve(listener, desk, config.gateway, stop.clone());
    tokio::pin!(served);
    tokio::select! {
        () = &mut served => return Ok(()),
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    stop.cancel();
    served.await;
    Ok(())
}

/// Writes the file in one step: whoever waits for it never reads half an address.
fn write_ready(path: &Path, address: &str) -> Result<(), Failure> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    std::fs::write(&temporary, address)
        .and_then(|()| std::fs::rename(&temporary, path))
        .map_err(|source| Failure::ReadyFile {
            path: path.to_owned(),
            source,
        })
}
