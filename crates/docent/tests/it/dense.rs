//! A model of whole texts as a setting of a library, by running the program.

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::index::{Library, shown};

#[path = "../../../encoder/tests/made/model.rs"]
mod model;

use model::{Family, Numbers};

const SETTING: &str = "[embeddings]\npath = \"model\"\n";

fn library(setting: &str) -> Library {
    Library::of(&[
        ("docent.toml", setting),
        ("staff/assistant.toml", "id = 1\nname = \"Кадры\"\n"),
        ("staff/a.txt", "Расторжение договора оформляет начальник.\n"),
        ("staff/b.txt", "Жалованье выдают пятого числа.\n"),
    ])
}

fn put_model(library: &Library, seed: u64) {
    model::write(&library.path().join("model"), Family::Roberta, Numbers::F32, seed);
}

/// The documents that are found, best first, with their scores.
fn found(library: &Library, question: &str) -> Vec<(String, f64)> {
    let done = library.run("why", &[question, "--json"]);
    assert!(done.status.success(), "{}", shown(&done));
    let told: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let hits = told["hits"].as_array().unwrap().iter();
    hits.map(|hit| {
        let name = hit["document"].as_str().unwrap().to_owned();
        (name, hit["score"].as_f64().unwrap())
    })
    .collect()
}

#[test]
fn a_model_comes_and_goes_with_the_setting_and_nothing_is_encoded_twice() {
    let library = library("");
    put_model(&library, 1);
    library.index();
    let plain = found(&library, "жалованье начальника");
    assert_eq!(found(&library, "получка"), []);

    library.write("docent.toml", SETTING);
    let told = library.index();
    assert!(
        told.contains("encoded by the model: 2 passages") && told.contains("0 read now"),
        "{told}"
    );
    // Weights without sense put what has no word of the question somewhere, but put it.
    assert_eq!(found(&library, "получка").len(), 2);
    assert_ne!(found(&library, "жалованье начальника"), plain);
    assert!(library.index().contains("nothing has changed"));

    library.write("staff/c.txt", "Пропуск выдаёт охрана.\n");
    let told = library.index();
    assert!(told.contains("encoded by the model: 1 passage"), "{told}");

    // Another model: all passages, and no document is read for it.
    let before = found(&library, "получка");
    put_model(&library, 2);
    let told = library.index();
    assert!(
        told.contains("encoded by the model: 3 passages") && told.contains("0 read now"),
        "{told}"
    );
    assert_ne!(found(&library, "получка"), before);
    library.write("docent.toml", &format!("{SETTING}passage_prefix = \"текст: \"\n"));
    assert!(library.index().contains("encoded by the model: 3 passages"));
    // The fusion is chosen when somebody asks.
    library.write(
        "docent.toml",
        &format!("{SETTING}passage_prefix = \"текст: \"\nfusion = \"rrf\"\n"),
    );
    assert!(library.index().contains("nothing has changed"));

    library.write("docent.toml", "");
    fs::remove_file(library.path().join("staff/c.txt")).unwrap();
    assert_eq!(found(&library, "получка"), []);
    assert_eq!(found(&library, "жалованье начальника"), plain);
}

#[test]
fn a_kill_while_the_model_works_costs_what_it_had_not_made() {
    let library = library(SETTING);
    put_model(&library, 1);
    let mut text = String::new();
    for nth in 0..30_000 {
        // Each passage has other numbers, so that none is like another.
        let _ = writeln!(text, "Приказ номер {nth} подписан и хранится в архиве.\n");
    }
    library.write("staff/c.txt", &text);
    let journal = library.path().join(".docent/passages.journal");
    let mut child = Command::new(env!("CARGO_BIN_EXE_docent"))
        .arg("index")
        .arg(library.path())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let made = || fs::metadata(&journal).map_or(0, |metadata| metadata.len());
    while made() < 1_000 {
        assert!(begun.elapsed() < Duration::from_mins(2), "nothing is encoded");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success(), "it was done before the kill");
    let told = library.index();
    let encoded = told
        .lines()
        .find_map(|line| line.strip_prefix("encoded by the model: "));
    let encoded: usize = encoded
        .and_then(|rest| rest.split(' ').next())
        .unwrap()
        .parse()
        .unwrap();
    let all = told.lines().find_map(|line| {
        let rest = line.split_once(" not readable, ")?.1;
        rest.split(' ').next()?.parse::<usize>().ok()
    });
    let all = all.unwrap();
    assert!(encoded < all && encoded > 0, "{told}");
    assert!(
        told.contains("0 read now"),
        "words were there before the model: {told}"
    );
    assert!(!journal.exists());
}

#[test]
fn a_broken_directory_is_named_with_the_file_and_a_way_out() {
    let library = library(SETTING);
    let missing = library.run("index", &[]);
    put_model(&library, 1);
    fs::remove_file(library.path().join("model/tokenizer.json")).unwrap();
    let torn = library.run("serve", &["--listen", "127.0.0.1:0"]);
    for (done, wanted) in [(missing, "model"), (torn, "tokenizer.json")] {
        let text = shown(&done);
        assert_eq!(done.status.code(), Some(4), "{text}");
        assert!(
            text.contains(wanted) && text.contains("hint: ") && text.contains("embeddings.path"),
            "{text}"
        );
    }
    // `status` looks at documents alone.
    assert!(library.run("status", &[]).status.success());
}
