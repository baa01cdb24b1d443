//! The command line: reads a library, answers, serves.
//!
//! Owns arguments, exit codes and the wiring. Leaves every rule to the crates it wires.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the command line"
)]

mod desk;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use docent_corpus::{AssistantId, Language, Outcome};
use docent_gateway::{Engine, Settings};
use tokio_util::sync::CancellationToken;

use desk::Desk;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Turns a folder of documents into chat assistants that answer only from them.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 the documents give no answer (ask)."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the chat page and the WebSocket until Ctrl-C or SIGTERM.
    Serve {
        /// The folder with the documents.
        library: PathBuf,
        /// Address to listen on; port 0 picks a free one, the printed line says which.
        #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR:PORT")]
        listen: SocketAddr,
        /// Language of error messages: ru, kk or en.
        #[arg(long, default_value = "ru")]
        locale: Language,
        /// File that gets HOST:PORT once answers are served.
        #[arg(long, value_name = "PATH")]
        ready_file: Option<PathBuf>,
    },
    /// Answer one question on the terminal, without a server.
    Ask {
        /// The folder with the documents.
        library: PathBuf,
        /// The question.
        question: String,
        /// Number of the assistant; the first when absent.
        #[arg(long, value_name = "ID")]
        assistant: Option<i64>,
    },
    /// List the assistants of a library.
    Assistants {
        /// The folder with the documents.
        library: PathBuf,
    },
    /// Print the text that was read from a file.
    Extract {
        /// The file.
        file: PathBuf,
        /// Print JSON with the blocks and their kinds instead of text.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing::Level::WARN)
        .init();
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            let mut cause = error.source();
            while let Some(deeper) = cause {
                eprintln!("caused by: {deeper}");
                cause = deeper.source();
            }
            ExitCode::from(1)
        }
    }
}

fn run(command: Command) -> Result<ExitCode, Box<dyn Error>> {
    match command {
        Command::Serve {
            library,
            listen,
            locale,
            ready_file,
        } => {
            let desk = Arc::new(Desk::open(&library)?);
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(serve(desk, listen, locale, ready_file))?;
        }
        Command::Ask {
            library,
            question,
            assistant,
        } => {
            let desk = Desk::open(&library)?;
            let first = desk.assistants().first().map(|one| one.id);
            let id = assistant
                .map(AssistantId)
                .or(first)
                .ok_or("the library has no assistant")?;
            let answer = desk
                .answer(id, &question)
                .map_err(|error| format!("{error}; see: docent assistants"))?;
            println!("{}", answer.text);
            if answer.outcome == Outcome::Fallback {
                return Ok(ExitCode::from(3));
            }
        }
        Command::Assistants { library } => {
            for one in docent_ingest::scan(&library)?.assistants {
                println!(
                    "{}\t{}\t{}\t{} files",
                    one.assistant.id,
                    one.assistant.name,
                    one.assistant.description,
                    one.files.len()
                );
            }
        }
        Command::Extract { file, json } => {
            let bytes =
                std::fs::read(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            let name = file
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            let document = docent_ingest::read_document(&name, &bytes)?;
            if json {
                println!("{}", desk::document_json(&document));
            } else {
                print!("{}", document.text);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(
    desk: Arc<Desk>,
    listen: SocketAddr,
    locale: Language,
    ready_file: Option<PathBuf>,
) -> Result<(), Box<dyn Error>> {
    let listener = tokio::net::TcpListener::bind(listen)
        .await
        .map_err(|error| format!("cannot listen on {listen}: {error}; choose another with --listen"))?;
    let address = listener.local_addr()?;
    println!("chat page  http://{address}/\nsocket     ws://{address}/ws/assistant");
    if let Some(path) = ready_file {
        std::fs::write(&path, address.to_string())
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    let stop = CancellationToken::new();
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let served = docent_gateway::serve(
        listener,
        desk,
        Settings {
            locale,
            ..Settings::default()
        },
        stop.clone(),
    );
    tokio::pin!(served);
    tokio::select! {
        done = &mut served => return Ok(done?),
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    stop.cancel();
    Ok(served.await?)
}
