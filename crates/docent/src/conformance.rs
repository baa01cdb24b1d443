//! `docent conformance URL`: does a server, ours or another's, keep the protocol?
//!
//! Owns the list of what is asked and expected, and the report. Each check has a connection of its own, so that one failure
//! is not the cause of the next. The low-level part (frames that no library sends) lies in [`link`].

mod cases;
mod extensions;
mod link;
mod steps;

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use docent_corpus::Language;

use link::Target;

/// What is known of the server before the checks.
pub(crate) struct Server {
    target: Target,
    /// The language in which its texts are published; other languages are held to the shapes only.
    locale: Language,
    /// The number of an assistant that it has.
    assistant: i64,
    /// That assistant's name.
    name: String,
}

/// One check: what must be so, and how to find out.
struct Case {
    part: &'static str,
    name: &'static str,
    /// Returns what was received where it is not what was expected.
    run: fn(&Server) -> Result<(), String>,
}

/// Why nothing could be checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    /// Not an address that can be connected to.
    #[error("`{0}` is no address of a WebSocket, like ws://127.0.0.1:8080/ws/assistant")]
    Url(String),
    /// Nobody to trust in whom a server under TLS has to be.
    #[error("{path} cannot be used to tell whom to trust: {reason}", path = .path.display())]
    Trust {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The server does not do the first thing that a client needs.
    #[error("the server gives no list of assistants, so that nothing else can be checked: {0}")]
    NoList(String),
}

/// Runs every check and returns how many of the protocol failed, extensions apart; the server has `patience` for each reply.
#[expect(clippy::print_stdout, reason = "the report of a command")]
pub(crate) fn run(url: &str, locale: Language, patience: Duration, ca: &Path) -> Result<usize, Unusable> {
    let trust = url.starts_with("wss://").then(|| link::trust(ca)).transpose();
    let trust = trust.map_err(|reason| Unusable::Trust {
        path: ca.to_owned(),
        reason,
    })?;
    let target = Target::parse(url, patience, trust).ok_or_else(|| Unusable::Url(url.to_owned()))?;
    let (assistant, name) = steps::first_assistant(&target).map_err(Unusable::NoList)?;
    let server = Server {
        target,
        locale,
        assistant,
        name,
    };
    let kept = report(cases::ALL, &server);
    let extended = report(extensions::ALL, &server);
    println!(
        "\n{kept} of {} checks passed; {extended} of {} of the extensions, which a server may lack",
        cases::ALL.len(),
        extensions::ALL.len()
    );
    Ok(cases::ALL.len() - kept)
}

/// Runs some checks, tells each as it ends, and returns how many passed.
#[expect(clippy::print_stdout, reason = "the report of a command")]
fn report(cases: &[Case], server: &Server) -> usize {
    let colours = std::io::stdout().is_terminal();
    let mut passed = 0;
    let mut part = "";
    for case in cases {
        if case.part != part {
            part = case.part;
            println!("\n{part}");
        }
        match (case.run)(server) {
            Ok(()) => {
                passed += 1;
                println!("  {}  {}", mark("pass", "32", colours), case.name);
            }
            Err(received) => println!(
                "  {}  {}\n        received: {}",
                mark("FAIL", "31", colours),
                case.name,
                shown(&received)
            ),
        }
    }
    passed
}

fn mark(word: &str, colour: &str, colours: bool) -> String {
    if colours {
        format!("\u{1b}[{colour}m{word}\u{1b}[0m")
    } else {
        word.to_owned()
    }
}

/// Shows what a server sent without letting it write to the terminal.
fn shown(received: &str) -> String {
    /// Enough to see what it is.
    const CHARS: usize = 400;
    let mut out = String::new();
    for letter in received.chars().take(CHARS) {
        if letter.is_control() {
            let _ = write!(out, "{}", letter.escape_default());
        } else {
            out.push(letter);
        }
    }
    if received.chars().nth(CHARS).is_some() {
        out.push('…');
    }
    out
}
