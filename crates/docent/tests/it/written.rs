//! Answers that models write: a model that obeys whatever it reads, models that fail in every way, and the server that operators run.
//!
//! The obedient model is ours: no real one is as bad. The servers of llama.cpp are made by `tests/llm/setup.sh`; without them their
//! tests say that they were skipped, and fail where `CI` is set.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "where the server is installed, and how long to run, is told to the tests alone"
)]

mod hostile;
mod real;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::{Server, begun, serve, talk};

/// How a fake answers.
type Say = Box<dyn Fn(&Value) -> Says + Send + Sync>;

/// A model server that says to each prompt what `say` makes of its user's part.
struct Fake {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    /// Calls that are answered or were left.
    ended: Arc<AtomicUsize>,
}

/// What a fake does with a request.
enum Says {
    /// Streams this.
    Text(String),
    /// Writes these bytes and closes.
    Bytes(Vec<u8>),
    /// Keeps the connection and says nothing.
    Nothing,
}

impl Fake {
    fn start(say: impl Fn(&Value) -> Says + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (say, counted, left) = (Arc::new(say), asked.clone(), ended.clone());
        // Ends with the process of the tests.
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let (say, counted, left) = (say.clone(), counted.clone(), left.clone());
                std::thread::spawn(move || {
                    let _ = Self::serve(socket, &*say, &counted, &left);
                });
            }
        });
        Self {
            address,
            asked,
            ended,
        }
    }

    fn serve(
        mut socket: TcpStream,
        say: &dyn Fn(&Value) -> Says,
        asked: &AtomicUsize,
        ended: &AtomicUsize,
    ) -> std::io::Result<()> {
        let mut read = BufReader::new(socket.try_clone()?);
        loop {
            let mut length = 0;
            let mut line = String::new();
            loop {
                line.clear();
                if read.read_line(&mut line)? == 0 {
                    return Ok(());
                }
                if let Some((name, value)) = line.split_once(':')
                    && name.eq_ignore_ascii_case("content-length")
                {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            read.read_exact(&mut body)?;
            asked.fetch_add(1, Ordering::SeqCst);
            match say(&serde_json::from_slice(&body).unwrap()) {
                Says::Text(text) => {
                    let mut events = String::new();
                    let letters: Vec<char> = text.chars().collect();
                    for piece in letters.chunks(7) {
                        let piece: String = piece.iter().collect();
                        let event = json!({"choices": [{"index": 0, "delta": {"content": piece}}]});
                        let _ = write!(events, "data: {event}\n\n");
                    }
                    let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
                    let _ = write!(events, "data: {end}\n\ndata: [DONE]\n\n");
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: {}\r\n\r\n",
                        events.len()
                    );
                    socket.write_all(head.as_bytes())?;
                    socket.write_all(events.as_bytes())?;
                    ended.fetch_add(1, Ordering::SeqCst);
                }
                Says::Bytes(bytes) => {
                    socket.write_all(&bytes)?;
                    return Ok(());
                }
                Says::Nothing => {
                    let mut rest = Vec::new();
                    let left = read.read_to_end(&mut rest);
                    ended.fetch_add(1, Ordering::SeqCst);
                    return left.map(|_| ());
                }
            }
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Returns settings that name it.
    fn settings(&self, more: &str) -> String {
        format!(
            "[chat]\nrewrite = false\n{more}\n[[chat.server]]\nbase_url = \"http://{}/v1\"\nmodel = \"m\"\nretries = 0\n",
            self.address
        )
    }
}

/// Returns the part of the user in a request.
fn prompt(request: &Value) -> &str {
    request["messages"][1]["content"].as_str().unwrap()
}

/// Returns the lines of the passages in a prompt, each with the number of its passage.
fn lines_of(prompt: &str) -> Vec<(usize, String)> {
    let (mut number, mut lines) = (0, Vec::new());
    for line in prompt.lines() {
        if let Some(head) = line.strip_prefix("<<<") {
            let told = head
                .split(" passage ")
                .nth(1)
                .and_then(|rest| rest.split(':').next());
            number = told.and_then(|told| told.parse().ok()).unwrap_or(number);
        } else if !line.starts_with(">>>") && number > 0 {
            let text = line.strip_prefix(&format!("[{number}] ")).unwrap_or(line);
            lines.push((number, text.to_owned()));
        }
    }
    lines
}

fn said(sentences: &[(&str, usize, &str)]) -> String {
    let sentences: Vec<Value> = sentences
        .iter()
        .map(|(text, passage, quote)| json!({"sentence": text, "passage": passage, "evidence": quote}))
        .collect();
    json!({ "sentences": sentences }).to_string()
}

/// Writes a library with one assistant.
fn library(settings: &str, files: &[(String, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("docent.toml"), settings).unwrap();
    let home = folder.path().join("one");
    std::fs::create_dir(&home).unwrap();
    std::fs::write(
        home.join("assistant.toml"),
        "id = 1\nname = \"Один\"\nstrictness = \"open\"\n",
    )
    .unwrap();
    for (name, text) in files {
        std::fs::write(home.join(name), text).unwrap();
    }
    folder
}

/// Has the models of a library checked; returns whether all can be used, and what was told.
fn checked(library: &Path) -> (bool, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_docent"))
        .args(["models", "check"])
        .arg(library)
        .output()
        .unwrap();
    (done.status.success(), String::from_utf8(done.stdout).unwrap())
}

fn leave() -> Vec<(String, String)> {
    let text = "# Об отпусках\n\nЕжегодный оплачиваемый отпуск составляет 28 календарных дней.\n\n\
                Заявление на отпуск подают за две недели до его начала.\n";
    vec![("leave.md".to_owned(), text.to_owned())]
}

/// Documents that all hold an answer to how many days a holiday has.
fn holidays() -> Vec<(String, String)> {
    let kinds = [
        ("main", "Основной отпуск", 28),
        ("teachers", "Отпуск педагогов", 42),
        ("north", "Отпуск северян", 52),
        ("young", "Отпуск молодых", 31),
    ];
    let file = |(name, title, days): (&str, &str, u32)| {
        let text = format!("# {title}\n\n{title}: сколько дней отпуска — {days} дней.\n");
        (format!("{name}.md"), text)
    };
    kinds.map(file).to_vec()
}

const SELECT: &str = r#"{"type":"select_assistant","assistant_id":1}"#;

fn question(text: &str) -> String {
    json!({"type": "question", "question": text, "sources": true}).to_string()
}

async fn ask(server: &Server, text: &str) -> Value {
    let replies = talk(server, &[SELECT, &question(text)]).await;
    serde_json::from_str(&replies[1]).unwrap()
}

#[tokio::test]
async fn a_written_answer_goes_out_with_its_source_and_is_asked_for_once() {
    let fake = Fake::start(|request| {
        let (number, line) = lines_of(prompt(request)).swap_remove(0);
        Says::Text(said(&[("Отпуск длится 28 календарных дней.", number, &line)]))
    });
    let folder = library(&fake.settings(""), &leave());
    let server = serve(folder.path());
    let answer = ask(&server, "Сколько длится отпуск?").await;
    let expected = "Отпуск длится 28 календарных дней. [1]\n\n[1] Об отпусках";
    assert_eq!(
        (answer["type"].as_str(), answer["message"].as_str()),
        (Some("answer"), Some(expected))
    );
    assert_eq!(
        answer["sources"][0]["quote"],
        "Ежегодный оплачиваемый отпуск составляет 28 календарных дней"
    );
    assert_eq!(
        ask(&server, " сколько  длится ОТПУСК?").await["message"],
        expected
    );
    assert_eq!(fake.asked(), 1, "the same question is answered from what is kept");
    // What the documents do not hold is refused without asking anybody.
    let stray = ask(&server, "Какая погода завтра в Лондоне?").await;
    assert!(
        stray["message"].as_str().unwrap().starts_with("К сожалению"),
        "{stray}"
    );
    assert_eq!(fake.asked(), 1);
}

#[tokio::test]
async fn the_same_question_of_many_at_one_moment_is_one_call() {
    let fake = Fake::start(|request| {
        std::thread::sleep(Duration::from_millis(300));
        let (number, line) = lines_of(prompt(request)).swap_remove(0);
        Says::Text(said(&[("Отпуск длится 28 календарных дней.", number, &line)]))
    });
    let folder = library(&fake.settings(""), &leave());
    let server = serve(folder.path());
    let asks = (0..20).map(|_| ask(&server, "Сколько длится отпуск?"));
    for answer in futures_util::future::join_all(asks).await {
        assert!(answer["message"].as_str().unwrap().contains("[1]\n"), "{answer}");
    }
    assert_eq!(fake.asked(), 1);
}

#[tokio::test]
async fn a_models_no_is_final_and_its_nonsense_is_not_passed_on() {
    let fake = Fake::start(|request| {
        Says::Text(
            if prompt(request).contains("подают") && prompt(request).contains("question: Когда") {
                r#"{"sentences":[]}"#.to_owned()
            } else {
                said(&[(
                    "Отпуск длится 99 календарных дней.",
                    1,
                    "Отпуск длится 99 календарных дней",
                )])
            },
        )
    });
    let folder = library(&fake.settings(""), &leave());
    let server = serve(folder.path());
    let answer = ask(&server, "Сколько длится ежегодный оплачиваемый отпуск?").await;
    let text = answer["message"].as_str().unwrap();
    assert!(
        text.contains("28 календарных дней") && !text.contains("99"),
        "the quoted answer goes out: {text}"
    );
    for noise in [
        "{}",
        "[]",
        "{\"error\":\"out of memory\"}",
        "{\"sentences\":\"x\"}",
        "{\"sentences\":[{\"evi",
    ] {
        let fake = Fake::start(move |_| Says::Text(noise.to_owned()));
        let folder = library(&fake.settings(""), &leave());
        let other = ask(
            &serve(folder.path()),
            "Сколько длится ежегодный оплачиваемый отпуск?",
        )
        .await;
        assert_eq!(other, answer, "{noise} is no word on the documents");
        assert!(fake.asked() > 0);
        let told = checked(folder.path());
        assert!(!told.0 && told.1.contains("tried on"), "{}", told.1);
    }
    let refused = ask(&server, "Когда подают заявление на отпуск?").await;
    let text = refused["message"].as_str().unwrap();
    assert!(
        text.starts_with("Точного ответа в документах нет") || text.starts_with("К сожалению"),
        "no answer is claimed: {text}"
    );
    assert_eq!(fake.asked(), 2);
}

#[tokio::test]
async fn whatever_a_server_does_the_quoted_answer_goes_out_in_time() {
    let ok = |rest: &str| {
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n{rest}")
            .into_bytes()
    };
    let status = |line: &str| format!("HTTP/1.1 {line}\r\nContent-Length: 2\r\n\r\n{{}}").into_bytes();
    let faults: Vec<(&str, Option<Vec<u8>>)> = vec![
        ("silence", None),
        ("closes at once", Some(Vec::new())),
        ("500", Some(status("500 Internal Server Error"))),
        ("429", Some(status("429 Too Many Requests\r\nRetry-After: 3600"))),
        ("401", Some(status("401 Unauthorized"))),
        (
            "redirect",
            Some(status("302 Found\r\nLocation: http://127.0.0.1:1/")),
        ),
        ("half an event", Some(ok("data: {\"choices\":[{\"del"))),
        ("no JSON", Some(ok("data: hello\n\n"))),
        (
            "invalid UTF-8",
            Some(
                ok("")
                    .into_iter()
                    .chain(b"data: \xff\xfe\n\n".iter().copied())
                    .collect(),
            ),
        ),
        (
            "a page",
            Some(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p>x".to_vec()),
        ),
        (
            "a token of 2 MB",
            Some(ok(&format!(
                "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n",
                "я".repeat(1_000_000)
            ))),
        ),
        ("nothing said", Some(ok("data: [DONE]\n\n"))),
    ];
    for (name, bytes) in faults {
        let fake = Fake::start(move |_| bytes.clone().map_or(Says::Nothing, Says::Bytes));
        let folder = library(&fake.settings("deadline = \"2s\""), &leave());
        let server = serve(folder.path());
        let begun = Instant::now();
        let answer = ask(&server, "Сколько длится ежегодный оплачиваемый отпуск?").await;
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{name} took {:?}",
            begun.elapsed()
        );
        let text = answer["message"].as_str().unwrap();
        assert!(
            answer["type"] == "answer" && text.contains("составляет 28 календарных дней"),
            "{name}: {answer}"
        );
        assert!(fake.asked() >= 1, "{name}");
    }
}

#[tokio::test]
async fn whoever_leaves_takes_the_call_to_the_model_along() {
    let fake = Fake::start(|_| Says::Nothing);
    let folder = library(&fake.settings("deadline = \"10m\"\n"), &leave());
    let server = serve(folder.path());
    for at in 0..30 {
        let url = format!("ws://{}/ws/assistant", server.address);
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let before = fake.asked();
        socket.send(Message::text(SELECT)).await.unwrap();
        socket
            .send(Message::text(question(&format!(
                "Сколько длится отпуск{}",
                "?".repeat(at + 1)
            ))))
            .await
            .unwrap();
        // Some leave before the call has begun, some after.
        if at % 3 > 0 {
            let begun = Instant::now();
            while fake.asked() == before && begun.elapsed() < Duration::from_secs(10) {
                tokio::task::yield_now().await;
            }
        }
        drop(socket);
    }
    let begun = Instant::now();
    while fake.asked() != fake.ended.load(Ordering::SeqCst) {
        assert!(begun.elapsed() < Duration::from_secs(5), "a call is left open");
        tokio::task::yield_now().await;
    }
    // A call of one who left early may count for the next.
    assert!(fake.asked() >= 15, "{}", fake.asked());
}

#[tokio::test]
async fn passages_stand_in_the_order_of_a_model_that_compares_and_in_their_own_where_it_fails() {
    let answer = |body: &str| {
        Says::Bytes(
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes(),
        )
    };
    // The scores of a request: whoever has most days goes first.
    let by_days = move |request: &Value| {
        let days = |text: &Value| {
            let digits: String = text
                .as_str()
                .unwrap()
                .chars()
                .filter(char::is_ascii_digit)
                .collect();
            digits.parse::<u32>().unwrap()
        };
        let documents = request["documents"].as_array().unwrap();
        let results: Vec<Value> = documents
            .iter()
            .enumerate()
            .map(|(at, text)| json!({"index": at, "relevance_score": days(text)}))
            .collect();
        answer(&json!({ "results": results }).to_string())
    };
    let quoted = ask(&serve(library("", &holidays()).path()), "Сколько дней отпуска?").await;
    assert_ne!(quoted["sources"][0]["document"], "Отпуск северян", "{quoted}");
    let table: [(&str, Say, bool); 4] = [
        ("scores", Box::new(by_days), true),
        (
            "half of the scores",
            Box::new(move |_| answer("{\"results\":[{\"index\":0,\"relevance_score\":1}]}")),
            false,
        ),
        ("nonsense", Box::new(move |_| answer("nothing")), false),
        ("silence", Box::new(|_| Says::Nothing), false),
    ];
    for (what, says, moved) in table {
        let fake = Fake::start(says);
        let settings = format!(
            "[rerank]\ndeadline = \"300ms\"\n[[rerank.server]]\nbase_url = \"http://{}/v1\"\nmodel = \"m\"\nretries = 0\n",
            fake.address
        );
        let folder = library(&settings, &holidays());
        let answer = ask(&serve(folder.path()), "Сколько дней отпуска?").await;
        assert!(fake.asked() > 0, "{what}");
        if moved {
            assert_eq!(
                answer["sources"][0]["document"], "Отпуск северян",
                "{what}: {answer}"
            );
        } else {
            assert_eq!(answer, quoted, "{what}");
        }
    }
}

#[tokio::test]
async fn a_key_and_an_address_in_the_environment_alone_send_nothing_anywhere() {
    let fake = Fake::start(|_| Says::Text("{}".to_owned()));
    let run = |settings: &str| {
        let folder = library(settings, &leave());
        let mut program = Command::new(env!("CARGO_BIN_EXE_docent"));
        program
            .env("OPENAI_API_KEY", "sk-somebodys")
            .env("OPENAI_BASE_URL", format!("http://{}/v1", fake.address))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let data = folder.path().join(".docent");
        (
            begun(program, folder.path(), &data, tempfile::tempdir().unwrap()),
            folder,
        )
    };
    let question = "Сколько длится ежегодный оплачиваемый отпуск?";
    let (server, _folder) = run("");
    let answer = ask(&server, question).await;
    assert!(
        answer["message"]
            .as_str()
            .unwrap()
            .contains("28 календарных дней"),
        "{answer}"
    );
    assert_eq!(fake.asked(), 0);
    // Named in the settings, the same server is asked.
    let (server, _folder) = run("[[chat.server]]\nmodel = \"m\"\n");
    ask(&server, question).await;
    assert!(fake.asked() > 0);
}

#[tokio::test]
async fn past_the_budget_answers_are_quoted() {
    let fake = Fake::start(|request| {
        let (number, line) = lines_of(prompt(request)).swap_remove(0);
        Says::Text(said(&[("Отпуск длится 28 календарных дней.", number, &line)]))
    });
    // One call with its prompt takes more than a thousand.
    let folder = library(&fake.settings("tokens_a_day = 2000"), &leave());
    let server = serve(folder.path());
    let first = ask(&server, "Сколько длится отпуск?").await;
    assert!(
        first["message"].as_str().unwrap().starts_with("Отпуск длится"),
        "{first}"
    );
    let second = ask(&server, "Сколько дней длится отпуск?").await;
    assert!(
        second["message"]
            .as_str()
            .unwrap()
            .starts_with("Ежегодный оплачиваемый отпуск составляет"),
        "{second}"
    );
    assert_eq!(fake.asked(), 1);
}

#[tokio::test]
async fn a_question_in_lay_words_is_put_into_the_documents_words_and_only_a_checked_answer_comes_of_it() {
    let fake = Fake::start(|request| {
        if request["messages"][0]["content"]
            .as_str()
            .unwrap()
            .contains("everyday words")
        {
            return Says::Text(
                "Размер компенсации при увольнении работника\nПорядок расторжения трудового договора"
                    .to_owned(),
            );
        }
        let found = lines_of(prompt(request))
            .into_iter()
            .find(|(_, line)| line.contains("компенсация"));
        Says::Text(match found {
            Some((number, line)) => {
                said(&[("Компенсация при увольнении составляет три оклада.", number, &line)])
            }
            None => said(&[]),
        })
    });
    let settings = fake.settings("").replace("rewrite = false", "rewrite = true");
    let mut files = leave();
    files.push((
        "contract.md".to_owned(),
        "# Расторжение трудового договора\n\nПри увольнении работника выплачивается компенсация: она составляет три оклада.\n".to_owned(),
    ));
    let folder = library(&settings, &files);
    let server = serve(folder.path());
    let answer = ask(&server, "Что мне дадут, если меня выгонят?").await;
    assert_eq!(
        answer["message"],
        "Компенсация при увольнении составляет три оклада. [1]\n\n[1] Расторжение трудового договора",
        "{answer}"
    );
}
