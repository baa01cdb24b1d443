//! The operator's instruments: `check`, `calibrate` and the guard of a running server.

use std::path::Path;
use std::process::{Command, Output};

fn docent(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_docent"))
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A museum with its questions; the last of them fails when `wrong`.
fn museum(folder: &Path, wrong: bool) {
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write(
        "assistant.toml",
        "# the museum\nid = 7\nname = \"Музей <b>часов</b>\"\n",
    );
    write(
        "tickets.md",
        "# Билеты\n\nВзрослый билет в музей часов стоит 900 тенге.\n\nДетский билет стоит 300 тенге.\n",
    );
    write(
        "hours.md",
        "# Часы работы\n\nМузей открыт с 10 до 18 часов, в понедельник закрыт.\n",
    );
    let price = if wrong { "901 тенге" } else { "900 тенге" };
    let lines = [
        format!(
            r#"{{"id":"price","question":"Сколько стоит взрослый билет в музей часов?","must_contain":["{price}"]}}"#
        ),
        r#"{"id":"moon","question":"Кто первым ступил на Луну?","must_fall_back":true}"#.to_owned(),
    ];
    write("questions.jsonl", &lines.join("\n"));
}

#[test]
fn a_check_fails_with_its_own_code_when_a_golden_question_does_and_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().to_str().unwrap();
    museum(folder.path(), false);
    let passed = docent(&["check", library]);
    assert_eq!(passed.status.code(), Some(0), "{}", text(&passed.stdout));
    assert!(text(&passed.stdout).contains("all 2 questions end as they must"));
    museum(folder.path(), true);
    let failed = docent(&["check", library]);
    assert_eq!(failed.status.code(), Some(8));
    let table = text(&failed.stdout);
    assert!(table.contains("wrong    price (7): Сколько стоит"), "{table}");
    assert!(table.ends_with("1 of 2 questions fail: price\n"), "{table}");
}

#[test]
fn why_says_how_a_question_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().to_str().unwrap();
    museum(folder.path(), false);
    let typed = "crjkmrj cnjbn dphjcksq ,bktn d veptq xfcjd?";
    let told = text(&docent(&["why", library, typed]).stdout);
    let read = "сколько стоит взрослый билет в музей часов?";
    assert!(told.contains(&format!("read as: {read} (layout)\n")), "{told}");
    let told = text(&docent(&["why", library, typed, "--json"]).stdout);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["read_as"]["text"], read);
    assert_eq!(told["read_as"]["repairs"], serde_json::json!(["layout"]));
    assert!(told["answers"].as_f64() > Some(0.15), "{told}");
    let plain = text(&docent(&["why", library, read, "--json"]).stdout);
    assert!(plain.contains("\"read_as\": null"), "{plain}");
}

#[test]
fn a_check_without_questions_is_an_error_and_a_broken_file_is_told_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().to_str().unwrap();
    museum(folder.path(), false);
    std::fs::write(
        folder.path().join("questions.jsonl"),
        "{\"question\": \"Почему?\"}\n",
    )
    .unwrap();
    let broken = docent(&["check", library]);
    assert_eq!(broken.status.code(), Some(4));
    assert!(
        text(&broken.stderr).contains("line 1: needs either"),
        "{}",
        text(&broken.stderr)
    );
    std::fs::remove_file(folder.path().join("questions.jsonl")).unwrap();
    assert_eq!(docent(&["check", library]).status.code(), Some(4));
}

#[test]
fn calibrate_prints_both_rates_writes_a_page_and_the_choice() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().to_str().unwrap();
    museum(folder.path(), false);
    let page = folder.path().join("page.html");
    let done = docent(&[
        "calibrate",
        library,
        "--assistant",
        "7",
        "--report",
        page.to_str().unwrap(),
        "--write",
        "0.3",
    ]);
    let told = text(&done.stdout);
    assert_eq!(done.status.code(), Some(0), "{told}{}", text(&done.stderr));
    for word in ["careful", "balanced", "open", "FALSE ANSWERS", "REFUSED"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    let page = std::fs::read_to_string(page).unwrap();
    assert!(
        page.contains("Музей &lt;b&gt;часов&lt;/b&gt;") && !page.contains("<b>"),
        "{page}"
    );
    assert_eq!(
        std::fs::read_to_string(folder.path().join("assistant.toml")).unwrap(),
        "# the museum\nid = 7\nname = \"Музей <b>часов</b>\"\nstrictness = 0.3\n"
    );
    assert_eq!(
        docent(&["calibrate", library, "--write", "lax"]).status.code(),
        Some(2)
    );
}

/// A change that makes the documents answer wrongly does not reach people; a mended one does.
#[tokio::test]
async fn a_guard_that_blocks_keeps_the_state_before_and_status_says_why() {
    let folder = tempfile::tempdir().unwrap();
    museum(folder.path(), false);
    std::fs::write(
        folder.path().join("docent.toml"),
        "watch = \"50ms\"\ncheck = \"block\"\n",
    )
    .unwrap();
    let server = crate::serve(folder.path());
    let question = r#"{"type":"question","question":"Сколько стоит взрослый билет в музей часов?"}"#;
    let select = r#"{"type":"select_assistant","assistant_id":7}"#;
    let tickets = folder.path().join("tickets.md");
    let text_before = std::fs::read_to_string(&tickets).unwrap();
    std::fs::write(&tickets, text_before.replace("900", "950")).unwrap();
    let kept = server.data().join("check.json");
    let begun = std::time::Instant::now();
    let blocked = || std::fs::read_to_string(&kept).is_ok_and(|json| json.contains("\"blocked\": true"));
    while !blocked() {
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(30),
            "never blocked"
        );
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let answer = crate::talk(&server, &[select, question]).await.remove(1);
    assert!(answer.contains("900") && !answer.contains("950"), "{answer}");
    let status = docent(&[
        "status",
        folder.path().to_str().unwrap(),
        "--data",
        server.data().to_str().unwrap(),
    ]);
    let told = text(&status.stdout);
    assert!(
        told.contains("1 of 2 questions fail: price; the state before goes on answering"),
        "{told}"
    );
}
