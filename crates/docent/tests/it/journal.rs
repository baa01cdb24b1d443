//! The journal of the real program: nothing is lost, nothing of people's numbers is kept, and the report tells what was asked.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use crate::secure::{Running, docent};
use crate::talk_at;

/// One second may be lost when the process is killed, as the settings say.
const MAY_BE_LOST: Duration = Duration::from_secs(1);

const SELECT: &str = r#"{"type":"select_assistant","assistant_id":1}"#;
const OPEN: &str = r#"{"type":"question","question":"Когда открыт центр?","id":"open"}"#;

/// A library of one document and settings, with room for the index beside it.
struct Home(tempfile::TempDir);

impl Home {
    fn with(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("library");
        fs::create_dir(&library).unwrap();
        fs::write(library.join("график.txt"), "Центр открыт с 9 до 18 часов.\n").unwrap();
        fs::write(library.join("docent.toml"), settings).unwrap();
        Self(folder)
    }

    fn library(&self) -> String {
        self.0.path().join("library").to_str().unwrap().to_owned()
    }

    fn data(&self) -> String {
        self.0.path().join("index").to_str().unwrap().to_owned()
    }

    fn serve(&self, arguments: &[&str]) -> Running {
        let _ = fs::remove_file(self.0.path().join("ready"));
        Running::begin(Path::new(&self.library()), self.0.path(), arguments)
    }

    /// Runs a command on the library; returns its exit code and what it said.
    fn run(&self, command: &[&str], rest: &[&str]) -> (i32, String, String) {
        let (library, data) = (self.library(), self.data());
        let told = docent(&[command, &[library.as_str(), "--data", &data], rest].concat());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (told.status.code().unwrap(), text(told.stdout), text(told.stderr))
    }

    fn report(&self) -> Value {
        let (code, out, err) = self.run(&["report"], &["--format", "json"]);
        assert_eq!(code, 0, "{err}");
        serde_json::from_str(&out).unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.0.path().join("log")).unwrap()
    }
}

fn stop(mut running: Running) {
    running.signal("TERM");
    assert_eq!(running.child.wait().unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_server_told_to_stop_loses_no_question() {
    let home = Home::with("");
    let running = home.serve(&["--rate-limits", "off"]);
    let said: Vec<&str> = std::iter::once(SELECT)
        .chain(std::iter::repeat_n(OPEN, 500))
        .collect();
    let replies = talk_at(&running.address, &said).await;
    assert!(replies[500].contains("с 9 до 18"), "{}", replies[500]);
    stop(running);
    let report = home.report();
    assert_eq!(report["questions"], 500, "{report}");
    assert_eq!(report["outcomes"]["answered"], 500, "{report}");
    assert_eq!(report["sources"][0]["document"], "график.txt", "{report}");
    assert_eq!(report["sources"][0]["answers"], 500, "{report}");
}

#[tokio::test]
async fn a_killed_server_loses_the_last_second_at_most() {
    let home = Home::with("");
    let mut running = home.serve(&["--rate-limits", "off"]);
    let url = format!("ws://{}/ws/assistant", running.address);
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    socket.send(Message::text(SELECT)).await.unwrap();
    socket.next().await.unwrap().unwrap();
    let begun = Instant::now();
    let mut answered = Vec::new();
    while begun.elapsed() < MAY_BE_LOST * 5 / 2 {
        socket.send(Message::text(OPEN)).await.unwrap();
        socket.next().await.unwrap().unwrap();
        answered.push(Instant::now());
    }
    running.signal("KILL");
    let killed = Instant::now();
    running.child.wait().unwrap();
    let safe = answered.iter().filter(|&&at| at + MAY_BE_LOST < killed).count() as u64;
    let kept = home.report()["questions"].as_u64().unwrap();
    assert!(
        safe > 0 && kept >= safe && kept <= answered.len() as u64,
        "{kept} of {safe} at least, {} in all",
        answered.len()
    );
}

#[tokio::test]
async fn peoples_numbers_are_masked_and_nobodys_words_are_logged() {
    let home = Home::with("[log]\nlevel = \"debug\"\n");
    let running = home.serve(&[]);
    let question = r#"{"type":"question","question":"Пустозвон ищет парковку, звоните +7 (701) 123-45-67 или p@mail.example, ИИН 850101300124"}"#;
    talk_at(&running.address, &[SELECT, question]).await;
    stop(running);
    let report = home.report();
    assert_eq!(
        report["unanswered"][0]["examples"][0]["question"],
        "Пустозвон ищет парковку, звоните [phone] или [e-mail], ИИН [IIN]",
        "{report}"
    );
    let log = home.log();
    assert!(
        !log.to_lowercase().contains("пустозвон") && !log.contains("парковк"),
        "{log}"
    );
    for file in fs::read_dir(home.data()).unwrap() {
        let path = file.unwrap().path();
        let bytes = if path.is_file() {
            fs::read(&path).unwrap()
        } else {
            continue;
        };
        for part in ["123-45-67", "mail.example", "850101300124"] {
            assert!(
                !bytes.windows(part.len()).any(|there| there == part.as_bytes()),
                "{part} in {}",
                path.display()
            );
        }
    }
}

#[tokio::test]
async fn feedback_goes_to_the_question_it_names_or_else_to_the_last() {
    let home = Home::with("");
    let running = home.serve(&[]);
    let said = [
        SELECT,
        r#"{"type":"feedback","helpful":true,"id":"nobody"}"#,
        OPEN,
        r#"{"type":"question","question":"Где взять борщ?","id":2}"#,
        r#"{"type":"feedback","helpful":false,"id":99}"#,
        r#"{"type":"feedback","helpful":true,"id":"open"}"#,
    ];
    let replies = talk_at(&running.address, &said).await;
    for reply in [&replies[1], &replies[4], &replies[5]] {
        assert!(reply.starts_with(r#"{"type":"success""#), "{reply}");
    }
    stop(running);
    let report = home.report();
    assert_eq!(
        report["feedback"],
        serde_json::json!({"helpful": 1, "unhelpful": 1}),
        "{report}"
    );
    let slow = report["slow"].as_array().unwrap();
    let helpful = |outcome: &str| &slow.iter().find(|one| one["outcome"] == outcome).unwrap()["helpful"];
    assert_eq!(
        (helpful("answered"), helpful("fallback")),
        (&Value::Bool(true), &Value::Bool(false))
    );
}

#[tokio::test]
async fn a_question_is_erased_by_its_number_and_only_it() {
    let home = Home::with("");
    let running = home.serve(&[]);
    talk_at(
        &running.address,
        &[SELECT, OPEN, r#"{"type":"question","question":"Пустозвон тут?"}"#],
    )
    .await;
    stop(running);
    let report = home.report();
    let slow = report["slow"].as_array().unwrap();
    let asked = slow.iter().find(|one| one["outcome"] != "answered").unwrap();
    let id = asked["request"].as_str().unwrap();
    assert_eq!(home.run(&["journal", "erase"], &[id]).0, 0);
    let report = home.report();
    assert_eq!(report["questions"], 1, "{report}");
    assert!(!report.to_string().contains("устозвон"), "{report}");
    let (code, _, told) = home.run(&["journal", "erase"], &[id]);
    assert!(code == 1 && told.contains("there is no question"), "{told}");
}

#[tokio::test]
async fn what_is_to_be_kept_no_longer_goes_at_the_next_start() {
    let home = Home::with("");
    let running = home.serve(&[]);
    talk_at(&running.address, &[SELECT, OPEN]).await;
    stop(running);
    assert_eq!(home.report()["questions"], 1);
    fs::write(
        Path::new(&home.library()).join("docent.toml"),
        "[journal]\nkeep = \"1ms\"\n",
    )
    .unwrap();
    stop(home.serve(&[]));
    assert_eq!(home.report()["questions"], 0);
}

#[tokio::test]
async fn a_report_has_three_forms_and_can_be_narrowed() {
    let home = Home::with("");
    let running = home.serve(&[]);
    let said = [
        SELECT,
        OPEN,
        r#"{"type":"question","question":"Где взять рецепт борща?"}"#,
        r#"{"type":"question","question":"рецепты борща взять"}"#,
        r#"{"type":"question","question":"=1+1, столовая"}"#,
        r#"{"type":"question","question":"спасибо"}"#,
    ];
    talk_at(&running.address, &said).await;
    stop(running);
    let (_, table, _) = home.run(&["report"], &[]);
    for part in [
        ": 5\n",
        "answered of those to the documents: 25.0 %",
        "courtesy",
        "график.txt",
        "     2  ",
        "борща",
    ] {
        assert!(table.contains(part), "{part} is not in\n{table}");
    }
    let (_, csv, _) = home.run(&["report"], &["--format", "csv"]);
    for part in [
        "part,name,value,detail\r\n",
        "total,questions,5,\r\n",
        "total,answered_share,0.2500,\r\n",
        "unanswered,\"'=1+1, столовая\",1,",
    ] {
        assert!(csv.contains(part), "{part} is not in\n{csv}");
    }
    let json = home.report();
    assert_eq!(json["answered_share"], 0.25, "{json}");
    assert_eq!(json["unanswered"][0]["count"], 2, "{json}");
    let (_, none, _) = home.run(&["report"], &["--assistant", "2"]);
    assert!(none.contains(": 0\n"), "{none}");
    let (_, none, _) = home.run(&["report"], &["--since", "1ns"]);
    assert!(none.contains(": 0\n"), "{none}");
}

#[tokio::test]
async fn a_journal_that_is_off_keeps_nothing_and_says_so() {
    let home = Home::with("[journal]\nurl = \"off\"\n");
    let running = home.serve(&[]);
    talk_at(&running.address, &[SELECT, OPEN]).await;
    stop(running);
    assert!(!Path::new(&home.data()).join("journal.db").exists());
    let (code, _, told) = home.run(&["report"], &[]);
    assert!(
        code == 1 && told.contains("keeps no journal") && told.contains("hint: "),
        "{told}"
    );
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_stops_no_answer_and_is_told() {
    let home = Home::with("[journal]\nurl = \"postgres://docent:geheim@127.0.0.1:1/docent\"\n");
    let running = home.serve(&[]);
    let replies = talk_at(&running.address, &[SELECT, OPEN, OPEN]).await;
    assert!(replies[2].contains("с 9 до 18"), "{}", replies[2]);
    stop(running);
    let log = home.log();
    assert!(
        log.contains("the journal cannot be written") && log.contains("before the end"),
        "{log}"
    );
    let (code, _, told) = home.run(&["report"], &[]);
    assert!(code == 1 && told.contains("hint: "), "{told}");
    let printed = String::from_utf8(docent(&["config", &home.library()]).stdout).unwrap();
    assert!(
        printed.contains("url = \"postgres://docent:***@127.0.0.1:1/docent\""),
        "{printed}"
    );
    for text in [log, told, printed] {
        assert!(!text.contains("geheim"), "{text}");
    }
}

/// Returns a line of what the system tells of a process, in kilobytes.
fn kilobytes(pid: u32, name: &str) -> u64 {
    let told = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = told.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// What a journal costs beside none, in one run: `cargo test -p docent --test it costs -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "a measurement"]
#[allow(clippy::print_stdout, reason = "a measurement")]
async fn what_a_journal_costs() {
    const STARTS: usize = 15;
    const QUESTIONS: usize = 10_000;
    let homes = [Home::with("[journal]\nurl = \"off\"\n"), Home::with("")];
    let mut starts = [Vec::new(), Vec::new()];
    for home in &homes {
        stop(home.serve(&[]));
    }
    for _ in 0..STARTS {
        for (home, times) in homes.iter().zip(&mut starts) {
            let begun = Instant::now();
            let running = home.serve(&[]);
            times.push(begun.elapsed());
            stop(running);
        }
    }
    let [without, with] = starts.map(median);
    println!("start: {without:?} without, {with:?} with");
    let running = homes.each_ref().map(|home| home.serve(&["--rate-limits", "off"]));
    let mut sockets = Vec::new();
    for one in &running {
        let url = format!("ws://{}/ws/assistant", one.address);
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        socket.send(Message::text(SELECT)).await.unwrap();
        socket.next().await.unwrap().unwrap();
        sockets.push(socket);
    }
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..QUESTIONS {
        for (socket, times) in sockets.iter_mut().zip(&mut times) {
            let begun = Instant::now();
            socket.send(Message::text(OPEN)).await.unwrap();
            socket.next().await.unwrap().unwrap();
            times.push(begun.elapsed());
        }
    }
    let [without, with] = times.map(median);
    println!("question: {without:?} without, {with:?} with");
    let memory = running.each_ref().map(|one| {
        let id = one.child.id();
        (kilobytes(id, "RssAnon:"), kilobytes(id, "VmHWM:"))
    });
    println!(
        "anonymous memory and peak of all, KB: {:?} without, {:?} with",
        memory[0], memory[1]
    );
}
