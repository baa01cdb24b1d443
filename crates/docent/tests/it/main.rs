//! Conversations: the real program, the sample library, a real client.

#![allow(clippy::unwrap_used, reason = "tests")]

mod answers;
mod clock;
mod conformance;
mod curated;
mod dense;
mod desk;
mod drift;
mod folder;
mod golden;
mod hostile;
mod index;
mod instruments;
mod journal;
mod lexicon;
mod live;
mod scan;
mod secure;
mod sources;
mod tables;
mod words;
mod written;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

struct Server {
    child: Child,
    address: String,
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/library")
}

impl Server {
    /// Returns the folder of its index.
    fn data(&self) -> PathBuf {
        self.folder.path().join("index")
    }
}

fn server() -> Server {
    serve(&library())
}

/// Serves a library on a free port and returns when it is ready.
fn serve(library: &Path) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("index");
    begin(library, &data, folder)
}

/// The same with an index that outlasts the server.
fn serve_with(library: &Path, data: &Path) -> Server {
    begin(library, data, tempfile::tempdir().unwrap())
}

fn begin(library: &Path, data: &Path, folder: tempfile::TempDir) -> Server {
    let mut program = Command::new(env!("CARGO_BIN_EXE_docent"));
    program.stdout(Stdio::null()).stderr(Stdio::null());
    begun(program, library, data, folder)
}

/// The same by a program that is yet to get its arguments.
fn begun(mut program: Command, library: &Path, data: &Path, folder: tempfile::TempDir) -> Server {
    let ready = folder.path().join("ready");
    let child = program
        .args(["serve", "--listen", "127.0.0.1:0", "--ready-file"])
        .arg(&ready)
        .arg("--data")
        .arg(data)
        .arg(library)
        .spawn()
        .unwrap();
    let mut server = Server {
        child,
        address: String::new(),
        folder,
    };
    let begun = Instant::now();
    loop {
        let address = std::fs::read_to_string(&ready).unwrap_or_default();
        if address.contains(':') {
            server.address = address;
            return server;
        }
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "the server did not get ready"
        );
        std::thread::yield_now();
    }
}

/// Sends each message and returns the replies, in order.
async fn talk(server: &Server, messages: &[&str]) -> Vec<String> {
    talk_at(&server.address, messages).await
}

async fn talk_at(address: &str, messages: &[&str]) -> Vec<String> {
    let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{address}/ws/assistant"))
        .await
        .unwrap();
    for message in messages {
        socket.send(Message::text(*message)).await.unwrap();
    }
    let mut replies = Vec::new();
    while replies.len() < messages.len() {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            replies.push(text.to_string());
        }
    }
    replies
}

#[tokio::test]
async fn the_published_examples_are_answered_byte_for_byte() {
    let replies = talk(
        &server(),
        &[
            r#"{"type":"get_assistants"}"#,
            r#"{"type":"question","question":"Рано"}"#,
            r#"{"type":"select_assistant","assistant_id":1}"#,
            r#"{"type":"select_assistant","assistant_id":999}"#,
            r#"{"type":"question","question":"What is happening?"}"#,
            r#"{"type":"question","question":" \u200b\n"}"#,
            "{oops",
            r#"{"type":"select_assistant","assistant_id":"2"}"#,
        ],
    )
    .await;
    assert!(replies[0].starts_with(r#"{"type":"assistant_list","assistants":[{"id":1,"name":"Общий ассистент","description":"Отвечает на общие вопросы"}"#));
    assert!(replies[1].starts_with(r#"{"type":"error","message":"Ассистент не выбран"#));
    assert_eq!(
        replies[2],
        r#"{"type":"success","message":"Ассистент выбран: Общий ассистент"}"#
    );
    assert_eq!(replies[3], r#"{"type":"error","message":"Ассистент не найден"}"#);
    assert!(
        replies[4].starts_with(
            r#"{"type":"answer","message":"К сожалению, по вашему вопросу не найдено подходящей информации"#
        ),
        "{}",
        replies[4]
    );
    assert_eq!(replies[5], r#"{"type":"error","message":"Пустой вопрос"}"#);
    assert!(replies[6].contains("JSON"));
    assert!(replies[7].starts_with(r#"{"type":"success""#));
}

#[tokio::test]
async fn an_answer_names_its_source_and_a_stray_question_falls_back() {
    let server = server();
    let replies = talk(
        &server,
        &[
            r#"{"type":"select_assistant","assistant_id":3}"#,
            r#"{"type":"question","question":"Сколько дней длится ежегодный оплачиваемый отпуск?","sources":true,"id":7}"#,
            r#"{"type":"question","question":"Дай рецепт наваристого борща с говядиной"}"#,
        ],
    )
    .await;
    assert!(
        replies[1].contains("[1] ")
            && replies[1].contains(r#""sources":[{"n":1"#)
            && replies[1].ends_with(r#""id":7}"#),
        "{}",
        replies[1]
    );
    assert!(
        replies[2].contains("К сожалению, по вашему вопросу не найдено"),
        "{}",
        replies[2]
    );
}

#[tokio::test]
async fn a_thousand_pipelined_messages_are_answered_in_order() {
    let messages: Vec<String> = (0..1000)
        .map(|number| format!(r#"{{"type":"get_assistants","id":{number}}}"#))
        .collect();
    let replies = talk(
        &server(),
        &messages.iter().map(String::as_str).collect::<Vec<_>>(),
    )
    .await;
    for (number, reply) in replies.iter().enumerate() {
        assert!(reply.ends_with(&format!(r#""id":{number}}}"#)), "{reply}");
    }
}

#[tokio::test]
async fn a_message_over_the_limit_closes_with_1009() {
    let server = server();
    let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{}/ws/assistant", server.address))
        .await
        .unwrap();
    socket.send(Message::text("x".repeat(70_000))).await.unwrap();
    let code = loop {
        match socket.next().await {
            Some(Ok(Message::Close(frame))) => break frame.map(|frame| u16::from(frame.code)),
            Some(Ok(_)) => {}
            other => panic!("no Close frame: {other:?}"),
        }
    };
    assert_eq!(code, Some(1009));
}

#[tokio::test]
async fn a_stopped_server_closes_with_1001_and_exits_0() {
    let mut server = server();
    let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{}/ws/assistant", server.address))
        .await
        .unwrap();
    let killed = Command::new("kill")
        .args(["-TERM", &server.child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let Some(Ok(Message::Close(Some(frame)))) = socket.next().await else {
        panic!("no Close frame")
    };
    assert_eq!(u16::from(frame.code), 1001);
    drop(socket);
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_server_that_is_stopped_the_moment_it_is_ready_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..20 {
        let mut server = serve_with(&library(), &folder.path().join("index"));
        let killed = Command::new("kill")
            .args(["-TERM", &server.child.id().to_string()])
            .status();
        assert!(killed.unwrap().success());
        assert_eq!(server.child.wait().unwrap().code(), Some(0));
    }
}

/// Every word of an answer but the source lines stands in the document that it names.
#[test]
fn every_quote_stands_verbatim_in_its_document() {
    use docent_corpus::{Outcome, Question};
    let mut answered = 0;
    for home in docent_ingest::scan(&library(), None).unwrap().assistants {
        let documents: Vec<_> = home
            .files
            .iter()
            .filter_map(|file| {
                docent_ingest::read_document(&file.name, &std::fs::read(&file.path).unwrap()).ok()
            })
            .collect();
        let index = docent_index::Index::build(documents.iter().flat_map(docent_ingest::passages)).unwrap();
        for heading in documents
            .iter()
            .flat_map(docent_ingest::passages)
            .filter_map(|passage| passage.headings.last().cloned())
        {
            let answer = docent_answer::answer(
                &home.assistant,
                &Question {
                    text: heading.to_string(),
                },
                &index,
            )
            .unwrap();
            answered += usize::from(answer.outcome == Outcome::Answered);
            for source in &answer.sources {
                let document = documents
                    .iter()
                    .find(|document| *document.name == *source.document)
                    .unwrap();
                for quote in &source.quotes {
                    assert_eq!(quote.range.of(&document.text), Some(quote.text.as_str()));
                    assert!(answer.text.contains(&quote.text));
                }
            }
        }
    }
    assert!(answered > 50, "only {answered} headings were answered");
}

/// Shakes hands over a bare socket, sends `frame` and returns the close code that comes back.
fn close_code_after(server: &Server, frame: &[u8]) -> u16 {
    use std::io::{Read, Write};
    let mut socket = std::net::TcpStream::connect(&server.address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let request = format!(
        "GET /ws/assistant?x=1 HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.address
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(
        head.starts_with(b"HTTP/1.1 101"),
        "{}",
        String::from_utf8_lossy(&head)
    );
    socket.write_all(frame).unwrap();
    let mut closed = [0; 4];
    socket.read_exact(&mut closed).unwrap();
    assert_eq!(closed[0], 0x88, "not a Close frame: {closed:?}");
    u16::from_be_bytes([closed[2], closed[3]])
}

#[test]
fn violations_are_closed_with_the_code_that_names_them() {
    let server = server();
    // A text message that is no UTF-8; a frame with a reserved bit; a frame without a mask.
    for (frame, code) in [
        ([0x81u8, 0x81, 0, 0, 0, 0, 0xff].as_slice(), 1007),
        ([0xc1, 0x81, 0, 0, 0, 0, b'x'].as_slice(), 1002),
        ([0x81, 0x01, b'x'].as_slice(), 1002),
    ] {
        assert_eq!(close_code_after(&server, frame), code, "{frame:?}");
    }
}

#[test]
fn a_plain_request_is_told_to_upgrade() {
    use std::io::{Read, Write};
    let server = server();
    for path in ["/ws/assistant", "/ws/assistant/"] {
        let mut socket = std::net::TcpStream::connect(&server.address).unwrap();
        write!(
            socket,
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut reply = String::new();
        socket.read_to_string(&mut reply).unwrap();
        assert!(reply.starts_with("HTTP/1.1 426"), "{reply}");
    }
}
