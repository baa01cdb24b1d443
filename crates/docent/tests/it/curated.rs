//! The operator's own answers, by the program.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::live::{ASSISTANT, PAY, comes_to, folder};
use crate::serve_with;

const ANSWERS: &str = "[[answer]]\nquestions = [\"Когда перечисляется зарплата сотрудника?\"]\ntext = \"Пятого и двадцатого, не раньше.\"\n\
                       source = \"pay.txt\"\nuntil = 2999-01-31\n";
const QUESTION: &str = "Зарплата сотрудника когда перечисляется?";
const NO_ANSWER: &str = "Кто чинит кофейный автомат?";

fn docent(command: &str, library: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_docent"))
        .arg(command)
        .arg(library)
        .args(more)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_operators_answer_goes_before_the_documents_and_says_whose_it_is() {
    let library = folder(&[
        ("assistant.toml", ASSISTANT),
        ("pay.txt", PAY),
        ("answers.toml", ANSWERS),
    ]);
    let asked = docent("ask", library.path(), &[QUESTION]);
    let answer = text(&asked.stdout);
    assert!(
        answer.starts_with("Пятого и двадцатого, не раньше.\n\n[1] "),
        "{answer}"
    );
    assert!(
        answer.ends_with("\nОтвет дан сотрудником организации и действует по 31.01.2999 включительно.\n"),
        "{answer}"
    );
    let why = text(&docent("why", library.path(), &[QUESTION]).stdout);
    assert!(why.starts_with("answered by: answers.toml, line 1"), "{why}");
    let why = text(&docent("why", library.path(), &[QUESTION, "--json"]).stdout);
    assert!(why.contains("\"line\": 1"), "{why}");
}

#[test]
fn each_question_of_an_answer_is_checked_and_what_is_over_is_told() {
    let library = folder(&[
        ("assistant.toml", ASSISTANT),
        ("pay.txt", PAY),
        ("answers.toml", ANSWERS),
    ]);
    let checked = docent("check", library.path(), &[]);
    assert!(checked.status.success(), "{}", text(&checked.stdout));
    assert!(text(&checked.stdout).contains("the question ends as it must"));
    // A second answer to the same question is never given.
    let twice = format!("{ANSWERS}\n{ANSWERS}");
    fs::write(library.path().join("answers.toml"), twice).unwrap();
    let checked = docent("check", library.path(), &[]);
    assert_eq!(checked.status.code(), Some(8));
    assert!(
        text(&checked.stdout).contains("answers.toml line 7 (1): Когда"),
        "{}",
        text(&checked.stdout)
    );
    // One that is over is as if it were not there.
    let over = ANSWERS.replace("2999", "2000").replace("pay.txt", "gone.txt");
    fs::write(
        library.path().join("answers.toml"),
        format!("{over}\n[[answer]]\nx\n{ANSWERS}"),
    )
    .unwrap();
    let checked = docent("check", library.path(), &[]);
    let told = text(&checked.stdout) + &text(&checked.stderr);
    assert!(checked.status.success(), "{told}");
    assert!(
        told.contains("answers.toml: line 1: the answer held until 2000-01-31"),
        "{told}"
    );
    assert!(
        told.contains("line 1: the assistant has no document gone.txt"),
        "{told}"
    );
    fs::write(library.path().join("answers.toml"), over).unwrap();
    let answer = text(&docent("ask", library.path(), &[QUESTION]).stdout);
    assert!(answer.starts_with("Зарплата перечисляется"), "{answer}");
}

#[tokio::test]
async fn an_answer_written_while_the_server_runs_is_given_and_no_document_is_read_anew() {
    let library = folder(&[("assistant.toml", ASSISTANT), ("pay.txt", PAY)]);
    let data = tempfile::tempdir().unwrap();
    let server = serve_with(library.path(), data.path());
    comes_to(&server, NO_ANSWER, |answer| answer.contains("К сожалению")).await;
    let index = || fs::read_to_string(data.path().join("CURRENT")).unwrap();
    let before = index();
    let answer = format!("[[answer]]\nquestions = [\"{NO_ANSWER}\"]\ntext = \"Завхоз, комната 3.\"\n");
    fs::write(library.path().join("answers.toml"), answer).unwrap();
    comes_to(&server, NO_ANSWER, |answer| answer.contains("Завхоз, комната 3.")).await;
    assert_eq!(index(), before);
    fs::remove_file(library.path().join("answers.toml")).unwrap();
    comes_to(&server, NO_ANSWER, |answer| answer.contains("К сожалению")).await;
}
