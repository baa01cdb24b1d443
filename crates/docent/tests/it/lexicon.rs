//! The operator's words: synonyms and taught questions, by the program.

use std::path::Path;
use std::process::{Command, Output};

fn docent(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_docent"))
        .args(arguments)
        .output()
        .unwrap()
}

fn ask(library: &Path, question: &str) -> (String, String) {
    let out = docent(&["ask", library.to_str().unwrap(), question]);
    (
        String::from_utf8(out.stdout).unwrap(),
        String::from_utf8(out.stderr).unwrap(),
    )
}

const RULES: &str = "# Правила фабрики\n\n## Болезнь\n\nЛисток нетрудоспособности оплачивают за счёт фабрики первые три дня. Листок \
     сдают в кадры.\n\n## Отлучка\n\nУход с рабочего места раньше конца смены разрешает мастер участка. Запись об этом делают в \
     журнале.\n\n## Столовая\n\nОбед длится сорок минут и начинается в полдень.\n";

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

#[test]
fn a_synonym_finds_what_the_documents_call_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path();
    write(library, "rules.md", RULES);
    let question = "Кто платит за бюллетень?";
    assert!(ask(library, question).0.starts_with("К сожалению"));
    write(
        library,
        "synonyms.txt",
        "# what people say\nбюллетень, больничный => листок нетрудоспособности\nодин\n",
    );
    let (answer, told) = ask(library, question);
    assert!(
        answer.contains("оплачивают за счёт фабрики первые три дня"),
        "{answer}"
    );
    assert!(
        !answer.contains("Вопрос прочитан"),
        "a synonym is no slip: {answer}"
    );
    assert!(
        told.contains("synonyms.txt: line 3: a single word has no synonym"),
        "{told}"
    );
}

#[test]
fn a_taught_question_is_answered_from_the_place_it_names_and_so_is_one_like_it() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path();
    write(library, "rules.md", RULES);
    let question = "Можно слинять пораньше домой?";
    assert!(!ask(library, question).0.contains("мастер участка"));
    write(
        library,
        "questions.jsonl",
        r#"{"question":"Как слинять домой пораньше?","must_cite":["rules.md","Отлучка"],"must_contain":["разрешает мастер участка"],"teach":true}"#,
    );
    let (answer, _) = ask(library, question);
    assert!(
        answer.starts_with("Уход с рабочего места раньше конца смены разрешает мастер участка."),
        "{answer}"
    );
    // Another question is not drawn to it.
    let (other, _) = ask(library, "Сколько минут длится обед?");
    assert!(other.contains("сорок минут"), "{other}");
    // It guards the documents, and tells nothing about errors.
    assert!(docent(&["check", library.to_str().unwrap()]).status.success());
    let calibrated = docent(&["calibrate", library.to_str().unwrap()]);
    assert!(!calibrated.status.success());
    // The place is gone: nothing is answered from elsewhere in its stead.
    write(
        library,
        "rules.md",
        &RULES.replace("разрешает мастер участка", "запрещён"),
    );
    assert_eq!(
        docent(&["check", library.to_str().unwrap()]).status.code(),
        Some(8)
    );
}
