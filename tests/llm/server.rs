//! The server of llama.cpp with one of the tiny models that `setup.sh` makes, for the tests of more than one crate.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

pub(crate) const KEY: &str = "sk-test";

/// A server; it ends when its standard input does, which is when the process of the tests does.
pub(crate) struct Server {
    /// Its address up to the version.
    pub(crate) url: String,
    _process: Child,
}

fn folder() -> Option<PathBuf> {
    let folder = std::env::var("DOCENT_LLM_VENV").map_or_else(
        |_| {
            // target/debug/deps/TEST
            let test = std::env::current_exe().unwrap();
            test.ancestors().nth(3).unwrap().join("llm")
        },
        PathBuf::from,
    );
    if folder.join("made").exists() {
        return Some(folder);
    }
    println!(
        "skipped: no llama.cpp server in {}, see tests/llm/setup.sh",
        folder.display()
    );
    assert!(std::env::var("CI").is_err(), "CI has the server");
    None
}

/// Starts a server; nothing where it is not installed.
pub(crate) fn start(model: &str, kind: &str, more: &[&str]) -> Option<Server> {
    let folder = folder()?;
    let mut process = Command::new(folder.join("bin/python"))
        .arg(folder.join("serve.py"))
        .arg(folder.join("models").join(model))
        .args(["--kind", kind, "--api-key", KEY, "--log", "0", "--until-eof"])
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let told = BufReader::new(process.stdout.take().unwrap());
    let url = told
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("READY ").map(str::to_owned))
        .expect("the server gets ready");
    Some(Server {
        url,
        _process: process,
    })
}
