//! The conformance suite against docent itself, and against servers that break the protocol.

use std::process::{Command, Output};
use std::sync::mpsc::sync_channel;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::server;

fn conformance(address: &str, timeout: &str) -> Output {
    let url = format!("ws://{address}/ws/assistant");
    Command::new(env!("CARGO_BIN_EXE_docent"))
        .args(["conformance", &url, "--timeout", timeout])
        .output()
        .unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn docent_keeps_its_own_protocol() {
    let server = server();
    let output = conformance(&server.address, "30s");
    let told = printed(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(
        told.matches("  pass  ").count() > 38 && !told.contains("FAIL"),
        "{told}"
    );
}

/// A server that says the same to everything.
fn parrot(reply: &'static str) -> String {
    let (tell, told) = sync_channel(1);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap().to_string()).unwrap();
            let mut sessions = tokio::task::JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                sessions.spawn(async move {
                    let Ok(mut socket) = tokio_tungstenite::accept_async(socket).await else {
                        return;
                    };
                    while let Some(Ok(message)) = socket.next().await {
                        if message.is_text() && socket.send(Message::text(reply)).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
    });
    told.recv().unwrap()
}

#[test]
fn a_server_that_breaks_the_protocol_is_told_where() {
    let list = r#"{"type":"assistant_list","assistants":[{"id":1,"name":"А","description":""}]}"#;
    let output = conformance(&parrot(list), "1s");
    let told = printed(&output);
    assert_eq!(output.status.code(), Some(8), "{told}");
    for line in [
        "  pass  get_assistants gives the list",
        "  FAIL  select_assistant gives success",
        "  FAIL  malformed JSON of all kinds",
        "  FAIL  a binary message",
        "  pass  a ping is answered",
        "  FAIL  a plain GET gets 426",
    ] {
        assert!(told.contains(line), "{line} is not in\n{told}");
    }
    assert!(told.contains("received: "), "{told}");
}

#[test]
fn what_is_no_server_of_the_protocol_is_said_at_once() {
    let output = conformance(&parrot("hello"), "30s");
    assert_eq!(output.status.code(), Some(8));
    assert!(
        printed(&output).contains("no list of assistants"),
        "{}",
        printed(&output)
    );
    let output = Command::new(env!("CARGO_BIN_EXE_docent"))
        .args(["conformance", "https://example.org"])
        .output()
        .unwrap();
    assert!(
        printed(&output).contains("is no address of a WebSocket"),
        "{}",
        printed(&output)
    );
}
