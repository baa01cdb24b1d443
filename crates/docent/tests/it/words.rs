//! Word vectors as a setting of a library, by running the program.

use std::fs;

use crate::index::{Library, shown};

const VECTORS: &str = "6 2\nувольнение 1 0.1\nрасторжение 0.9 0.2\nдоговора 0.8 0\nполучка 0.1 1\nжалованье 0 0.9\nвыдают 0.1 0.8\n";
const SETTING: &str = "[semantic]\nwords = \"words.vec\"\n";

fn library(setting: &str) -> Library {
    Library::of(&[
        ("docent.toml", setting),
        ("words.vec", VECTORS),
        ("staff/assistant.toml", "id = 1\nname = \"Кадры\"\n"),
        ("staff/a.txt", "Расторжение договора оформляет начальник.\n"),
        ("staff/b.txt", "Жалованье выдают пятого числа.\n"),
    ])
}

/// The documents that are found, best first.
fn found(library: &Library, question: &str) -> Vec<String> {
    let done = library.run("why", &[question, "--json"]);
    assert!(done.status.success(), "{}", shown(&done));
    let told: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let hits = told["hits"].as_array().unwrap().iter();
    hits.map(|hit| hit["document"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn vectors_come_and_go_with_the_setting_and_no_document_is_read_again() {
    let library = library("");
    library.index();
    assert_eq!(found(&library, "получка"), [""; 0]);

    library.write("docent.toml", SETTING);
    let told = library.index();
    assert!(
        told.contains("6 of 6 words") && told.contains("0 read now"),
        "{told}"
    );
    assert_eq!(found(&library, "получка"), ["b.txt", "a.txt"]);
    assert!(library.index().contains("nothing has changed"));

    // Another file: what was near is so no longer.
    library.write("words.vec", &VECTORS.replace("получка 0.1 1", "получка 1 0"));
    assert_eq!(found(&library, "получка"), ["a.txt", "b.txt"]);

    library.write("docent.toml", "");
    assert_eq!(found(&library, "получка"), [""; 0]);
}

#[test]
fn a_missing_or_wrong_file_is_named_with_the_formats_and_a_way_out() {
    let library = library(SETTING);
    library.index();
    library.write("words.vec", "Это не векторы.\n");
    let wrong = library.run("index", &[]);
    fs::remove_file(library.path().join("words.vec")).unwrap();
    let missing = library.run("serve", &["--listen", "127.0.0.1:0"]);
    for done in [wrong, missing] {
        let text = shown(&done);
        assert_eq!(done.status.code(), Some(4), "{text}");
        assert!(
            text.contains("words.vec") && text.contains("hint: ") && text.contains("semantic.words"),
            "{text}"
        );
    }
}
