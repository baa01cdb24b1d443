//! The clock of the machine jumps while a server runs; `libfaketime` makes it jump for the one process.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "whether this runs in CI is told to the tests alone"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use crate::{Server, begun, talk};

/// Where Debian's package `faketime` puts the library.
fn faketime() -> Option<PathBuf> {
    let found = fs::read_dir("/usr/lib")
        .into_iter()
        .flatten()
        .flatten()
        .map(|place| place.path().join("faketime/libfaketimeMT.so.1"))
        .find(|path| path.exists());
    if found.is_none() {
        println!("skipped: the clock cannot be moved without libfaketime (Debian: faketime)");
        assert!(std::env::var_os("CI").is_none(), "CI has libfaketime");
    }
    found
}

const SELECT: &str = r#"{"type":"select_assistant","assistant_id":1}"#;

fn write(path: &Path, text: &str) {
    // Never half written: the server looks at it all the time.
    let beside = path.with_extension("new");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, path).unwrap();
}

fn asks(word: &str) -> String {
    format!(r#"{{"type":"question","question":"Где хранится {word}?"}}"#)
}

#[tokio::test]
async fn a_jump_of_the_clock_changes_nothing_but_the_time() {
    let Some(preload) = faketime() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (library, clock) = (folder.path().join("library"), folder.path().join("clock"));
    fs::create_dir(&library).unwrap();
    fs::write(library.join("one.txt"), "Печать хранится в сейфе у бухгалтера.\n").unwrap();
    write(&clock, "+0d");
    let data = folder.path().join("index");
    let mut program = Command::new(env!("CARGO_BIN_EXE_docent"));
    program
        .env("LD_PRELOAD", preload)
        .env("FAKETIME_TIMESTAMP_FILE", &clock)
        .env("FAKETIME_NO_CACHE", "1")
        // What a jump of a machine's clock leaves alone.
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("DONT_FAKE_MONOTONIC", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut server: Server = begun(program, &library, &data, tempfile::tempdir().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{}/ws/assistant", server.address))
        .await
        .unwrap();
    socket.send(Message::text(SELECT)).await.unwrap();
    assert!(socket.next().await.unwrap().unwrap().is_text());
    for (nth, jump) in ["+0d", "+400d", "-400d", "+1d"].into_iter().enumerate() {
        write(&clock, jump);
        // Who is connected stays, is heard and is answered at once.
        socket.send(Message::text(asks("печать"))).await.unwrap();
        let begun = Instant::now();
        let Message::Text(reply) = socket.next().await.unwrap().unwrap() else {
            panic!("{jump}: no text came");
        };
        let reply: Value = serde_json::from_str(&reply).unwrap();
        assert!(
            reply["message"].as_str().unwrap().contains("в сейфе"),
            "{jump}: {reply}"
        );
        assert!(begun.elapsed() < Duration::from_secs(5), "{jump}");
        // Who comes is let in, and what is new in the folder is found.
        fs::write(
            library.join(format!("{nth}.txt")),
            format!("Штамп{nth} хранится в ящике номер {nth}{nth}.\n"),
        )
        .unwrap();
        let expected = format!("номер {nth}{nth}");
        let mut last = String::new();
        let begun = Instant::now();
        while !last.contains(&expected) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{jump}: {last}");
            let asked = asks(&format!("штамп{nth}"));
            last = talk(&server, &[SELECT, &asked]).await.remove(1);
        }
    }
    Command::new("kill")
        .args(["-TERM", &server.child.id().to_string()])
        .status()
        .unwrap();
    assert!(server.child.wait().unwrap().success());
}
