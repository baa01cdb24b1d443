//! What a directory and the settings change, and what is said of a broken one.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::error::Error;
use std::fs;
use std::path::Path;

use docent_encoder::{Encoder, Purpose, Settings};

#[path = "made/model.rs"]
mod model;

use model::{Family, LONGEST, Numbers, WIDE};

fn made(family: Family, seed: u64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    model::write(folder.path(), family, Numbers::F32, seed);
    folder
}

fn open(folder: &Path) -> Encoder {
    Encoder::open(folder, &Settings::default()).unwrap()
}

#[test]
fn a_vector_depends_on_its_text_alone() {
    let folder = made(Family::Bert, 1);
    let encoder = open(folder.path());
    let texts: Vec<String> = (1..90)
        .map(|count| "одно слово, ".repeat(count % 7 + 1))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let together = encoder.encode(&texts, Purpose::Passage).unwrap();
    for (text, together) in texts.iter().zip(together) {
        assert_eq!(together.len(), WIDE);
        assert_eq!(
            encoder.encode(&[text], Purpose::Passage).unwrap(),
            [together],
            "{text}"
        );
    }
    assert!(encoder.encode(&[], Purpose::Passage).unwrap().is_empty());
    // A text without a letter still has its first and last token.
    assert_eq!(encoder.encode(&[""], Purpose::Passage).unwrap().len(), 1);
}

#[test]
fn a_long_text_is_cut_where_the_files_or_the_settings_say() {
    let folder = made(Family::Bert, 1);
    let encode = |encoder: &Encoder, letters: usize| {
        let text = "b ".repeat(letters);
        encoder.encode(&[&text], Purpose::Passage).unwrap()
    };
    let own = open(folder.path());
    // The first and the last token are counted.
    assert_eq!(encode(&own, LONGEST - 2), encode(&own, LONGEST + 40));
    assert_ne!(encode(&own, LONGEST - 3), encode(&own, LONGEST - 2));
    let settings = Settings {
        max_tokens: Some(10),
        ..Settings::default()
    };
    let short = Encoder::open(folder.path(), &settings).unwrap();
    assert_eq!(encode(&short, 8), encode(&short, 20));
    assert_ne!(encode(&short, 7), encode(&short, 8));
    assert_ne!(own.fingerprint(), short.fingerprint());
}

#[test]
fn a_prefix_of_the_settings_goes_before_that_of_the_files() {
    let folder = made(Family::Roberta, 1);
    let own = open(folder.path());
    let settings = Settings {
        query_prefix: Some(String::new()),
        passage_prefix: Some("query: ".to_owned()),
        max_tokens: None,
    };
    let told = Encoder::open(folder.path(), &settings).unwrap();
    let encode = |encoder: &Encoder, text: &str, purpose| encoder.encode(&[text], purpose).unwrap();
    assert_eq!(
        encode(&own, "отпуск", Purpose::Question),
        encode(&told, "отпуск", Purpose::Passage)
    );
    assert_eq!(
        encode(&own, "отпуск", Purpose::Passage),
        encode(&told, "passage: отпуск", Purpose::Question)
    );
    assert_ne!(own.fingerprint(), told.fingerprint());
}

#[test]
fn a_fingerprint_tells_models_apart_and_not_places() {
    let (one, same, other) = (
        made(Family::Bert, 1),
        made(Family::Bert, 1),
        made(Family::Bert, 2),
    );
    let of = |folder: &tempfile::TempDir| open(folder.path()).fingerprint();
    assert_eq!(of(&one), of(&same));
    assert_ne!(of(&one), of(&other));
    let pooling = one.path().join("1_Pooling/config.json");
    fs::write(pooling, "{\"pooling_mode_cls_token\": true}").unwrap();
    assert_ne!(of(&one), of(&same));
}

#[test]
fn a_directory_without_the_small_files_is_taken_by_their_defaults() {
    let (whole, bare) = (made(Family::Bert, 1), made(Family::Bert, 1));
    for name in [
        "modules.json",
        "sentence_bert_config.json",
        "tokenizer_config.json",
    ] {
        fs::remove_file(bare.path().join(name)).unwrap();
    }
    let (whole, bare) = (open(whole.path()), open(bare.path()));
    let encode = |encoder: &Encoder, text: &str| encoder.encode(&[text], Purpose::Question).unwrap();
    assert_eq!(encode(&whole, "the leave"), encode(&bare, "the leave"));
    let long = "b ".repeat(LONGEST);
    assert_ne!(
        encode(&whole, &long),
        encode(&bare, &long),
        "positions are what is left of the limit"
    );
}

/// What makes a whole directory a broken one.
type Damage<'a> = &'a dyn Fn(&Path);

/// Breaks a directory and returns what is said of it, causes included.
fn told(damage: impl Fn(&Path)) -> String {
    let folder = made(Family::Bert, 1);
    damage(folder.path());
    let error = Encoder::open(folder.path(), &Settings::default()).unwrap_err();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[test]
fn a_broken_directory_is_named_with_the_file_and_what_is_missing() {
    let put = |name: &'static str, text: &'static str| {
        move |folder: &Path| fs::write(folder.join(name), text).unwrap()
    };
    let gone = |name: &'static str| move |folder: &Path| fs::remove_file(folder.join(name)).unwrap();
    let change = |name: &'static str, from: &'static str, to: &'static str| {
        move |folder: &Path| {
            let text = fs::read_to_string(folder.join(name)).unwrap();
            assert!(text.contains(from), "{text}");
            fs::write(folder.join(name), text.replace(from, to)).unwrap();
        }
    };
    let cut = |bytes: usize| {
        move |folder: &Path| {
            let path = folder.join("model.safetensors");
            let whole = fs::read(&path).unwrap();
            fs::write(path, &whole[..bytes.min(whole.len() - 4)]).unwrap();
        }
    };
    let renamed = |folder: &Path| {
        fs::rename(folder.join("model.safetensors"), folder.join("pytorch_model.bin")).unwrap();
    };
    let cases: [(Damage<'_>, &[&str]); 15] = [
        (&gone("config.json"), &["config.json"]),
        (&gone("tokenizer.json"), &["tokenizer.json"]),
        (&gone("model.safetensors"), &["model.safetensors"]),
        (&renamed, &["pytorch_model.bin", "model.safetensors"]),
        (&put("config.json", "{}"), &["config.json", "missing field"]),
        (&put("tokenizer.json", "[]"), &["tokenizer.json"]),
        (
            &change("config.json", "\"bert\"", "\"t5\""),
            &["config.json", "t5"],
        ),
        (
            &change("config.json", "\"gelu\"", "\"silu\""),
            &["config.json", "silu"],
        ),
        (
            &change("config.json", "\"hidden_size\":32", "\"hidden_size\":64"),
            &["model.safetensors", "32", "64"],
        ),
        (
            &change(
                "config.json",
                "\"num_hidden_layers\":2",
                "\"num_hidden_layers\":3",
            ),
            &["model.safetensors", "encoder.layer.2"],
        ),
        (
            &change("modules.json", "Normalize\"", "Dense\""),
            &["modules.json", "Dense"],
        ),
        (
            &change(
                "1_Pooling/config.json",
                "mean_tokens\":true",
                "median_tokens\":true",
            ),
            &["1_Pooling/config.json", "median_tokens"],
        ),
        (&cut(usize::MAX), &["model.safetensors", "cut short"]),
        (&cut(200), &["model.safetensors", "cut short"]),
        (&cut(3), &["model.safetensors", "no safetensors"]),
    ];
    for (damage, wanted) in cases {
        let text = told(damage);
        for wanted in wanted {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
    }
}
