//! Files that want more than a reader is given, and what remains of a reader.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::index::bottomless_pdf;

/// Far longer than a process needs to end: reaching it means that it never does.
const LONG: Duration = Duration::from_secs(30);

/// A text that takes an unoptimised reader seconds and hundreds of megabytes.
fn long_text() -> String {
    let mut text = String::new();
    for number in 0..60_000 {
        writeln!(
            text,
            "Пункт {number}. Сотрудник {number} получает пропуск и сдаёт его в тот же день, см. п. 3.2.\n"
        )
        .unwrap();
    }
    text
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_docent"))
}

/// Runs the program under a limit of the shell's.
fn limited(limit: &str, arguments: &[&str]) -> Output {
    Command::new("bash")
        .args([
            "-c",
            &format!("ulimit {limit}; exec \"$@\""),
            "limited",
            env!("CARGO_BIN_EXE_docent"),
        ])
        .args(arguments)
        .output()
        .unwrap()
}

/// Extracts a file under a limit of the shell's.
fn extract_under(limit: &str, file: &Path) -> Output {
    limited(limit, &["extract", file.to_str().unwrap()])
}

/// One line with the code, no word of a panic, no signal.
#[track_caller]
fn refused_in_a_line(output: &Output, code: &str) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{}: {told}", output.status);
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains(&format!(": {code}: ")), "{told}");
    for word in [
        "panicked",
        "overflow",
        "memory allocation",
        "fatal",
        "core dumped",
    ] {
        assert!(!told.contains(word), "{told}");
    }
}

#[test]
fn a_file_that_nests_without_end_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bottomless.pdf");
    fs::write(&path, bottomless_pdf()).unwrap();
    let done = program().arg("extract").arg(&path).output().unwrap();
    refused_in_a_line(&done, "damaged");
    assert!(String::from_utf8_lossy(&done.stderr).contains("nested deeper"));
}

#[test]
fn a_file_that_wants_more_memory_than_there_is_is_too_big() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("heavy.html");
    let body = "<p>я <b>ж</b></p>".repeat(700_000);
    fs::write(&path, format!("<html><body>{body}")).unwrap();
    // Enough for the program and the stack of its reader, not for the tree of the page.
    refused_in_a_line(&extract_under("-v 300000", &path), "too_big");
}

#[test]
fn a_file_that_wants_more_of_the_processor_than_there_is_takes_too_long() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("long.txt"), long_text().repeat(2)).unwrap();
    fs::write(folder.path().join("short.txt"), "Пропуск сдают вечером.\n").unwrap();
    // The reader needs seconds; the indexer, which has the same limit, does next to nothing.
    let done = limited("-S -t 1", &["index", folder.path().to_str().unwrap()]);
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(
        told.contains("long.txt") && told.contains(": timeout: reading took longer"),
        "{told}"
    );
    assert!(told.contains("1 document, 1 not readable"), "{told}");
}

/// The processes below one, at any depth.
#[cfg(target_os = "linux")]
fn below(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Vec::new();
    };
    let children = threads.flatten().flat_map(|thread| {
        let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        children
            .split_whitespace()
            .filter_map(|number| number.parse().ok())
            .collect::<Vec<u32>>()
    });
    children
        .flat_map(|child| [vec![child], below(child)].concat())
        .collect()
}

#[expect(
    clippy::zombie_processes,
    reason = "whoever gets it waits for it; else the test has failed"
)]
/// Starts an indexer on a text that keeps its reader busy, by way of `ask`; returns it and its reader.
#[cfg(target_os = "linux")]
fn busy(folder: &Path) -> (Child, u32) {
    fs::write(folder.join("long.txt"), long_text().repeat(3)).unwrap();
    let ask = program()
        .arg("ask")
        .arg(folder)
        .arg("Когда сдают пропуск?")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    loop {
        let reader = below(ask.id()).into_iter().find(|process| {
            fs::read(format!("/proc/{process}/cmdline")).is_ok_and(|line| line.ends_with(b"\0read-worker\0"))
        });
        // Once it is confined it has its file or is about to get it.
        if let Some(reader) = reader
            && fs::read_to_string(format!("/proc/{reader}/status"))
                .is_ok_and(|status| status.contains("Seccomp:\t2"))
        {
            return (ask, reader);
        }
        assert!(begun.elapsed() < LONG, "no reader was started");
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_parent_leaves_no_orphan() {
    let folder = tempfile::tempdir().unwrap();
    let (mut ask, _) = busy(folder.path());
    let all = below(ask.id());
    assert!(all.len() >= 2, "an indexer and its reader");
    ask.kill().unwrap();
    ask.wait().unwrap();
    let begun = Instant::now();
    let lives = |process: &u32| {
        let state = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // One that has ended and that nobody has waited for yet is none.
        !(state.is_empty() || state.contains(") Z "))
    };
    while all.iter().any(lives) {
        assert!(begun.elapsed() < LONG, "{all:?} live on");
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_reader_has_every_limit_before_it_reads() {
    let folder = tempfile::tempdir().unwrap();
    let (mut ask, reader) = busy(folder.path());
    let of = |file: &str| fs::read_to_string(format!("/proc/{reader}/{file}")).unwrap();
    let (limits, status) = (of("limits"), of("status"));
    ask.kill().unwrap();
    ask.wait().unwrap();
    let soft = |name: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap()
            .split_whitespace()
            .next()
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    assert_eq!(soft("Max address space"), 2 << 30);
    assert_eq!(soft("Max file size"), 0);
    assert_eq!(soft("Max core file size"), 0);
    assert_eq!(soft("Max open files"), 64);
    assert!(soft("Max cpu time") < 60, "{limits}");
    assert!(
        status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"),
        "{status}"
    );
}
