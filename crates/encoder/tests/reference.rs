//! Vectors against those of the reference implementation, which `reference.py` has written down.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::collections::HashMap;
use std::path::Path;

use docent_encoder::{Encoder, Purpose, Settings};
use serde::Deserialize;

#[path = "made/model.rs"]
mod model;

use model::{Family, Numbers};

/// What the encoder is held to: nearer than `f32` itself would part two orders of adding.
const NEAR: f32 = 0.9999;

type Vectors = HashMap<String, Vec<Vec<f32>>>;

#[derive(Deserialize)]
struct Reference {
    texts: Vec<String>,
    bert: Vectors,
    roberta: Vectors,
    minilm: Vectors,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("reference.json")).unwrap()
}

fn cosine(one: &[f32], other: &[f32]) -> f32 {
    let dot = |one: &[f32], other: &[f32]| one.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
    dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
}

/// Compares with what is written down; returns the least cosine.
fn compare(folder: &Path, texts: &[String], wanted: &Vectors) -> f32 {
    let encoder = Encoder::open(folder, &Settings::default()).unwrap();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut least = 1.0f32;
    for (purpose, wanted) in wanted {
        let purpose = if purpose == "question" {
            Purpose::Question
        } else {
            Purpose::Passage
        };
        let got = encoder.encode(&texts, purpose).unwrap();
        assert_eq!(got.len(), wanted.len());
        for ((got, wanted), text) in got.iter().zip(wanted).zip(&texts) {
            let near = cosine(got, wanted);
            assert!(near >= NEAR, "{near}: {text}");
            least = least.min(near);
        }
    }
    least
}

#[test]
fn a_small_bert_gives_the_vectors_of_the_reference() {
    let (folder, reference) = (tempfile::tempdir().unwrap(), reference());
    model::write(folder.path(), Family::Bert, Numbers::F32, 1);
    compare(folder.path(), &reference.texts, &reference.bert);
}

#[test]
fn a_small_xlm_roberta_gives_the_vectors_of_the_reference_with_its_prompts() {
    let (folder, reference) = (tempfile::tempdir().unwrap(), reference());
    model::write(folder.path(), Family::Roberta, Numbers::F32, 1);
    assert_eq!(reference.roberta.len(), 2);
    compare(folder.path(), &reference.texts, &reference.roberta);
}

#[test]
fn weights_of_16_bits_give_nearly_the_same_vectors() {
    for numbers in [Numbers::F16, Numbers::Bf16] {
        let (folder, reference) = (tempfile::tempdir().unwrap(), reference());
        model::write(folder.path(), Family::Bert, numbers, 1);
        let encoder = Encoder::open(folder.path(), &Settings::default()).unwrap();
        let texts: Vec<&str> = reference.texts.iter().map(String::as_str).collect();
        let got = encoder.encode(&texts, Purpose::Passage).unwrap();
        for (got, wanted) in got.iter().zip(&reference.bert["passage"]) {
            // Eight bits of a number are left of bf16.
            let near = cosine(got, wanted);
            assert!(near > 0.999, "{numbers:?}: {near}");
        }
    }
}

/// `DOCENT_MINILM` names the folder of the real model, which is not part of the project.
#[test]
fn the_real_model_gives_the_vectors_of_the_reference() {
    let Some(folder) = std::env::var_os("DOCENT_MINILM") else {
        eprintln!("skipped: DOCENT_MINILM names no folder");
        return;
    };
    let reference = reference();
    let least = compare(Path::new(&folder), &reference.texts, &reference.minilm);
    eprintln!("least cosine {least}");
}
