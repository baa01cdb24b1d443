//! Scans: recognised where `tesseract` is installed, refused with the remedy where it is not.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn extract(file: &Path, programs: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docent"));
    command.args(["extract", "--json"]).arg(file);
    if let Some(programs) = programs {
        command.env("PATH", programs);
    }
    command.output().unwrap()
}

/// Tells whether this machine recognises Russian and Kazakh.
fn recognises() -> bool {
    let listed = Command::new("tesseract")
        .arg("--list-langs")
        .stderr(Stdio::null())
        .output();
    listed.is_ok_and(|output| {
        let languages = String::from_utf8_lossy(&output.stdout).into_owned();
        ["rus", "kaz"]
            .iter()
            .all(|wanted| languages.lines().any(|line| line == *wanted))
    })
}

#[test]
fn a_scan_and_a_picture_are_recognised_and_say_so() {
    if !recognises() {
        eprintln!("skipped: tesseract with rus and kaz is not installed");
        return;
    }
    for name in ["scan.pdf", "scan.png"] {
        let output = extract(&data(name), None);
        let text = String::from_utf8(output.stdout).unwrap();
        for phrase in [
            "Лодки выдаются с восьми часов утра до семи часов вечера по предъявлении паспорта.",
            "станция закрывается до особого объявления",
            "Балаларға арналған қайықтар бөлек тұрады.",
            "OCR",
            "\"page\": 1",
        ] {
            assert!(text.contains(phrase), "{name}: no «{phrase}» in {text}");
        }
    }
}

#[test]
fn pages_that_have_no_plain_picture_are_drawn_and_recognised() {
    if !recognises() {
        eprintln!("skipped: tesseract with rus and kaz is not installed");
        return;
    }
    let cases: [(&str, &[&str]); 3] = [
        // A layer of other letters than those on the page, and one without any letter.
        (
            "garbled.pdf",
            &["Плиту протирает тот, кто готовил на ней последним."],
        ),
        (
            "unnamed.pdf",
            &["Плиту протирает тот, кто готовил на ней последним."],
        ),
        // A scan in JBIG2, one in strips, one in JPEG 2000, and letters as outlines.
        (
            "pictures.pdf",
            &[
                "Бельё принимают по вторникам и пятницам",
                "Сломанный инструмент возвращают",
                "Почтовых голубей выпускает",
                "Мишени меняет один дежурный.",
                "letters may be wrong: 1-4",
            ],
        ),
    ];
    for (name, phrases) in cases {
        let output = extract(&data(name), None);
        let text = String::from_utf8(output.stdout).unwrap();
        for phrase in phrases {
            assert!(text.contains(phrase), "{name}: no «{phrase}» in {text}");
        }
    }
}

/// A picture of a page that stands on its head came out as noise.
#[test]
fn a_page_that_stands_on_its_head_is_turned() {
    let listed = Command::new("tesseract").arg("--list-langs").output();
    let turns = listed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("osd"));
    if !recognises() || !turns {
        eprintln!("skipped: tesseract with rus, kaz and osd is not installed");
        return;
    }
    let text = String::from_utf8(extract(&data("turned.png"), None).stdout).unwrap();
    assert!(
        text.contains("станция закрывается до особого объявления"),
        "{text}"
    );
}

#[test]
fn a_library_with_a_scan_has_its_text_in_the_index() {
    if !recognises() {
        eprintln!("skipped: tesseract with rus and kaz is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("library");
    std::fs::create_dir_all(library.join("station")).unwrap();
    std::fs::copy(data("scan.pdf"), library.join("station/rules.pdf")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_docent"))
        .arg("index")
        .arg("--data")
        .arg(folder.path().join("index"))
        .arg(&library)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let output = Command::new(env!("CARGO_BIN_EXE_docent"))
        .arg("status")
        .arg("--data")
        .arg(folder.path().join("index"))
        .arg(&library)
        .output()
        .unwrap();
    let status = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(status.contains("OCR"), "{status}");
}

#[test]
fn without_the_program_a_scan_is_refused_with_the_remedy() {
    let nothing = tempfile::tempdir().unwrap();
    for (name, code) in [
        ("scan.pdf", "no_text"),
        ("scan.png", "no_text"),
        ("pictures.pdf", "no_text"),
        ("garbled.pdf", "garbled_text"),
    ] {
        let output = extract(&data(name), Some(nothing.path()));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains("tesseract-ocr-rus") && said.contains(code),
            "{name}: {said}"
        );
    }
}
