//! A library that changes while it is served, and troubles of the disk while it is indexed.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::{Server, serve, talk};

pub(crate) const ASSISTANT: &str = "id = 1\nname = \"Справочная\"\n";
pub(crate) const LEAVE: &str = "Ежегодный отпуск сотрудника длится двадцать восемь календарных дней.\n";
pub(crate) const PAY: &str = "Зарплата перечисляется на карту сотрудника пятого и двадцатого числа.\n";
pub(crate) const ASK_LEAVE: &str = "Сколько календарных дней длится ежегодный отпуск?";
pub(crate) const ASK_PAY: &str = "Когда перечисляется зарплата сотрудника?";

/// Far longer than any change takes to be effective: reaching it means that it never is.
const LONG: Duration = Duration::from_secs(30);

pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

pub(crate) async fn ask(server: &Server, question: &str) -> String {
    let question = serde_json::json!({"type": "question", "question": question}).to_string();
    talk(
        server,
        &[r#"{"type":"select_assistant","assistant_id":1}"#, &question],
    )
    .await
    .remove(1)
}

/// Asks until the answer is as wanted.
pub(crate) async fn comes_to(server: &Server, question: &str, wanted: impl Fn(&str) -> bool) {
    let begun = Instant::now();
    loop {
        let answer = ask(server, question).await;
        if wanted(&answer) {
            return;
        }
        assert!(begun.elapsed() < LONG, "{question}: still {answer}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) fn refused(answer: &str) -> bool {
    answer.contains("К сожалению, по вашему вопросу не найдено")
}

async fn changes_are_taken_in(watch: &str) {
    let folder = folder(&[
        ("assistant.toml", ASSISTANT),
        ("docent.toml", &format!("watch = \"{watch}\"\n")),
        ("leave.txt", LEAVE),
    ]);
    let at = |name: &str| folder.path().join(name);
    let server = serve(folder.path());
    assert!(ask(&server, ASK_LEAVE).await.contains("двадцать восемь"));
    assert!(refused(&ask(&server, ASK_PAY).await));

    fs::write(at("pay.txt"), PAY).unwrap();
    comes_to(&server, ASK_PAY, |answer| answer.contains("пятого")).await;
    fs::write(at("leave.txt"), LEAVE.replace("двадцать восемь", "тридцать")).unwrap();
    comes_to(&server, ASK_LEAVE, |answer| answer.contains("тридцать")).await;
    fs::remove_file(at("pay.txt")).unwrap();
    comes_to(&server, ASK_PAY, refused).await;
    assert!(
        refused(&ask(&server, ASK_PAY).await),
        "what is forgotten stays forgotten"
    );

    // Settings that are not right leave what was there in place; mended ones hold.
    fs::write(at("assistant.toml"), "id = \"one\"\n").unwrap();
    fs::create_dir(at("deep")).unwrap();
    fs::write(at("deep/pay.txt"), PAY).unwrap();
    assert!(ask(&server, ASK_LEAVE).await.contains("тридцать"));
    fs::write(at("assistant.toml"), ASSISTANT.replace("Справочная", "Кадры")).unwrap();
    comes_to(&server, ASK_PAY, |answer| answer.contains("пятого")).await;
    let list = talk(&server, &[r#"{"type":"get_assistants"}"#]).await;
    assert!(list[0].contains("Кадры"), "{}", list[0]);
}

#[tokio::test]
async fn a_change_of_the_folder_is_effective_without_a_restart() {
    changes_are_taken_in("on").await;
}

#[tokio::test]
async fn a_change_is_seen_by_looking_where_no_notifications_come() {
    changes_are_taken_in("100ms").await;
}

#[tokio::test]
async fn an_index_made_by_another_process_is_taken_in() {
    let folder = folder(&[
        ("assistant.toml", ASSISTANT),
        ("leave.txt", LEAVE),
        (".ignore", "pay.txt\n"),
        ("pay.txt", PAY),
    ]);
    let server = serve(folder.path());
    assert!(refused(&ask(&server, ASK_PAY).await));
    fs::write(folder.path().join(".ignore"), "").unwrap();
    let done = index(folder.path(), &server.data());
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    comes_to(&server, ASK_PAY, |answer| answer.contains("пятого")).await;
}

#[tokio::test]
async fn a_question_is_answered_throughout_a_hundred_changes() {
    let folder = folder(&[("assistant.toml", ASSISTANT), ("leave.txt", LEAVE)]);
    let server = serve(folder.path());
    for round in 0..100 {
        fs::write(
            folder.path().join(format!("{}.txt", round % 7)),
            format!("{PAY}{round}\n"),
        )
        .unwrap();
        let answer = ask(&server, ASK_LEAVE).await;
        assert!(answer.contains("двадцать восемь"), "{answer}");
    }
}

fn index(library: &Path, data: &Path) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_docent"))
        .args(["index", "--wait"])
        .arg(library)
        .arg("--data")
        .arg(data)
        .output()
        .unwrap()
}

/// The words of all passages of the one assistant.
fn indexed(data: &Path) -> Vec<String> {
    let store = docent_index::Store::new(data, docent_ingest::READER_VERSION);
    let generation = store.open().unwrap().expect("a generation is there");
    let only = docent_corpus::AssistantId(1);
    let index = generation.index(only).unwrap();
    let question = docent_corpus::Question {
        text: "начало конец версии".to_owned(),
    };
    let hits =
        docent_corpus::Retriever::retrieve(index, &question, std::num::NonZeroUsize::new(100).unwrap())
            .unwrap();
    hits.hits
        .into_iter()
        .map(|hit| {
            hit.passage
                .lines
                .iter()
                .map(|line| line.text.as_str())
                .collect::<Vec<_>>()
                .join("\n")
        })
        .collect()
}

#[test]
fn a_file_that_is_being_written_is_never_read_by_half() {
    let folder = folder(&[("assistant.toml", ASSISTANT)]);
    let data = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.txt");
    let halves = |version: usize| {
        (
            format!("Начало версии {version} этого текста.\n\n"),
            format!("Конец версии {version} этого текста.\n"),
        )
    };
    let (start, end) = halves(0);
    fs::write(&path, start + &end).unwrap();
    let stop = AtomicBool::new(false);
    let whole = |texts: &[String]| {
        let all = texts.join("\n");
        let version = all
            .split("Начало версии ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next());
        version.is_some_and(|version| all.contains(&format!("Конец версии {version} ")))
    };
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut version = 0;
            while !stop.load(Ordering::Relaxed) {
                version += 1;
                let (start, end) = halves(version);
                fs::write(&path, &start).unwrap();
                // Half of the time the file is cut; the other half it is whole for longer than a reader needs.
                std::thread::sleep(Duration::from_millis(30));
                fs::write(&path, start + &end).unwrap();
                std::thread::sleep(Duration::from_millis(30 + 120 * u64::from(version % 2 == 0)));
            }
            version
        });
        for _ in 0..15 {
            let done = index(folder.path(), data.path());
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            let texts = indexed(data.path());
            assert!(texts.is_empty() || whole(&texts), "{texts:?}");
        }
        stop.store(true, Ordering::Relaxed);
        let last = writer.join().unwrap();
        index(folder.path(), data.path());
        let texts = indexed(data.path()).join("\n");
        assert!(
            texts.contains(&format!("Начало версии {last} ")),
            "{last}: {texts}"
        );
    });
}

/// Kills the indexer at random moments: ten times, or as often as `DOCENT_KILLS` says.
#[test]
fn an_indexer_killed_at_random_moments_leaves_a_whole_generation() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the long run is asked for by whoever starts the tests"
    )]
    let rounds = std::env::var("DOCENT_KILLS").map_or(10, |rounds| rounds.parse().unwrap());
    let folder = folder(&[
        ("assistant.toml", ASSISTANT),
        ("first.txt", "Начало первой версии.\n"),
    ]);
    let data = tempfile::tempdir().unwrap();
    assert!(index(folder.path(), data.path()).status.success());
    // Moments come from a fixed seed (Knuth's constants for a linear congruential generator), spread over a whole run.
    let mut seed: u64 = 42;
    let mut longest = Duration::from_millis(20);
    for round in 0..rounds {
        for file in 0..12 {
            let text = format!("Начало версии {round} файла {file}.\n\n{}", PAY.repeat(30));
            fs::write(folder.path().join(format!("{file}.md")), text).unwrap();
        }
        let begun = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_docent"))
            .arg("index")
            .arg(folder.path())
            .arg("--data")
            .arg(data.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let moment = longest.mul_f64((seed >> 40) as f64 / f64::from(1 << 24));
        while begun.elapsed() < moment && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let ended = child.try_wait().unwrap().is_some();
        let _ = child.kill();
        child.wait().unwrap();
        longest = longest.max(begun.elapsed().mul_f64(if ended { 1.0 } else { 1.2 }));
        assert!(!indexed(data.path()).is_empty(), "round {round}");
        if round % 5 == 4 {
            let done = index(folder.path(), data.path());
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            let told = String::from_utf8_lossy(&done.stderr).into_owned();
            assert!(told.contains("13 documents, 0 not readable"), "{told}");
            assert!(
                indexed(data.path())
                    .iter()
                    .any(|text| text.contains(&format!("версии {round} ")))
            );
        }
    }
}

/// A disk on which no file can grow beyond a few kilobytes. It stands in for a full one, which only root could make: the
/// same writes fail in the same places, with "file too large" in place of "no space left".
#[test]
fn a_full_disk_leaves_the_generation_before_and_says_what_to_do() {
    let folder = folder(&[("assistant.toml", ASSISTANT), ("leave.txt", LEAVE)]);
    let data = tempfile::tempdir().unwrap();
    let data = data.path().to_str().unwrap();
    assert!(index(folder.path(), Path::new(data)).status.success());
    let mut text = String::new();
    for number in 0..40_000 {
        writeln!(text, "Начало абзаца {number} о версии.\n").unwrap();
    }
    fs::write(folder.path().join("long.txt"), text).unwrap();
    let library = folder.path().to_str().unwrap();
    for kilobytes in [1, 8, 64] {
        let full = Command::new("bash")
            .args(["-c", "trap '' XFSZ; ulimit -f $1; shift; exec \"$@\"", "full"])
            .args([
                &kilobytes.to_string(),
                env!("CARGO_BIN_EXE_docent"),
                "index",
                library,
                "--data",
                data,
            ])
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&full.stderr).into_owned();
        assert_eq!(full.status.code(), Some(5), "{kilobytes} KiB: {told}");
        assert!(
            told.contains("hint: ") && told.contains("room on the disk"),
            "{told}"
        );
        assert!(
            !Path::new(data).join("new").exists(),
            "a full disk stays full of it"
        );
        let asked = Command::new("bash")
            .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "full"])
            .args([env!("CARGO_BIN_EXE_docent"), "status", library, "--data", data])
            .output()
            .unwrap();
        let status = String::from_utf8_lossy(&asked.stdout).into_owned();
        assert!(status.contains("1 read, 1 new"), "{status}");
    }
    assert!(index(folder.path(), Path::new(data)).status.success());
    assert!(!indexed(Path::new(data)).is_empty());
}

#[test]
fn status_names_every_document_its_state_and_the_remedy() {
    let folder = folder(&[
        ("assistant.toml", ASSISTANT),
        ("leave.txt", LEAVE),
        ("empty.txt", ""),
        ("gone.txt", PAY),
    ]);
    let data = tempfile::tempdir().unwrap();
    let status = |json: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_docent"))
            .arg("status")
            .args(json)
            .arg(folder.path())
            .arg("--data")
            .arg(data.path())
            .output()
            .unwrap();
        assert!(done.status.success());
        String::from_utf8(done.stdout).unwrap()
    };
    assert!(status(&[]).contains("no index yet; `docent index` makes it"));
    index(folder.path(), data.path());
    fs::write(folder.path().join("leave.txt"), PAY).unwrap();
    fs::write(folder.path().join("new.md"), "# Начало\n").unwrap();
    fs::remove_file(folder.path().join("gone.txt")).unwrap();
    let table = status(&[]);
    assert!(
        table.contains("1 Справочная: 1 failed, 1 new, 1 changed, 1 gone; 2 passages"),
        "{table}"
    );
    assert!(table.contains("no_text: the file is empty"), "{table}");
    index(folder.path(), data.path());
    let json: serde_json::Value = serde_json::from_str(&status(&["--json"])).unwrap();
    let documents = json["assistants"][0]["documents"].as_array().unwrap();
    let leave = documents.iter().find(|one| one["name"] == "leave.txt").unwrap();
    assert_eq!(leave["state"], "read");
    assert_eq!(leave["language"], "ru");
    assert_eq!(leave["format"], "text");
    assert_eq!(documents.len(), 3);
}
