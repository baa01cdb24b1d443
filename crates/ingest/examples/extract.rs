//! Prints what is read from a file; with `--blocks`, a line per block with its kind in front.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line example")]

use std::process::ExitCode;

fn main() -> ExitCode {
    let (flags, paths): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let Some(path) = paths.first() else {
        eprintln!("usage: extract [--blocks] FILE");
        return ExitCode::from(2);
    };
    let read = std::fs::read(path).map_err(|err| err.to_string());
    match read.and_then(|bytes| docent_ingest::read_document(path, &bytes).map_err(|err| err.to_string())) {
        Ok(document) if flags.is_empty() => print!("{}", document.text),
        Ok(document) => {
            println!(
                "{:?} {:?} pages {:?}",
                document.format, document.metadata, document.pages
            );
            for notice in &document.notices {
                println!("{notice:?}");
            }
            for block in &document.blocks {
                let text = block.range.of(&document.text).unwrap_or("");
                let start: String = text.chars().take(150).collect();
                println!("{:?} p{} {start}", block.kind, block.page.unwrap_or(0));
            }
        }
        Err(err) => {
            eprintln!("{err}");
            return ExitCode::from(1);
        }
    }
    ExitCode::SUCCESS
}
