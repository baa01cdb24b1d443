//! Makes a set with holes of one without: takes the documents of some questions out, adds questions of other sets.
//!
//! Called with `SET OUT SEED OTHER…`; folders of sets, with `queries.jsonl` and `qrels.tsv`. OUT gets these two and `removed_docs.txt`, to be
//! asked by `docent eval OUT --docs SET/docs.jsonl.gz`. Questions that share a document lose theirs together, so that none is half
//! answerable. The seed alone decides which: the same call makes the same set.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a tool for developers: it ends at the first thing it does not understand"
)]

#[path = "shared/families.rs"]
mod families;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use families::families;

/// Share of the families whose documents are taken out, in per cent: as in the sets that the gate is judged by.
const TAKEN: u64 = 42;

/// Questions of every other set, in per cent of those of the set.
const STRANGE: usize = 20;

/// FNV-1a of 64 bits (Fowler, Noll and Vo), its bits mixed once more: the lowest alone hang on the last letter.
fn lot(seed: &str, name: &str) -> u64 {
    let bytes = seed.bytes().chain([0]).chain(name.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32
}

fn questions(set: &Path) -> Vec<Value> {
    let text = fs::read_to_string(set.join("queries.jsonl")).unwrap();
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Which documents answer each question.
fn answered_by(set: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in fs::read_to_string(set.join("qrels.tsv")).unwrap().lines() {
        let mut cells = line.split('\t').map(str::to_owned);
        let (question, document, grade) = (
            cells.next().unwrap(),
            cells.next().unwrap(),
            cells.next().unwrap(),
        );
        if grade != "0" {
            found.entry(question).or_default().insert(document);
        }
    }
    found
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [set, out, seed, others @ ..] = arguments.as_slice() else {
        panic!("SET OUT SEED OTHER…");
    };
    let (set, out) = (Path::new(set), Path::new(out));
    fs::create_dir_all(out).unwrap();
    let answered = answered_by(set);
    let linked: Vec<(String, Vec<String>)> = answered
        .iter()
        .map(|(id, documents)| (id.clone(), documents.iter().cloned().collect()))
        .collect();
    let family = families(&linked);
    let mut removed: BTreeSet<&str> = BTreeSet::new();
    let mut lines = String::new();
    let mut put = |mut question: Value, kind: &str| {
        question["kind"] = json!(kind);
        question["answerable"] = json!(kind == "answerable");
        lines.push_str(&question.to_string());
        lines.push('\n');
    };
    let own = questions(set);
    let strange = own.len() * STRANGE / 100;
    for question in own {
        let id = question["id"].as_str().unwrap().to_owned();
        let Some((id, documents)) = answered.get_key_value(&id) else {
            continue;
        };
        if lot(seed, family[id.as_str()]) % 100 < TAKEN {
            removed.extend(documents.iter().map(String::as_str));
            put(question, "near");
        } else {
            put(question, "answerable");
        }
    }
    for other in others {
        let mut some = questions(Path::new(other));
        some.sort_by_key(|question| lot(seed, question["id"].as_str().unwrap()));
        for question in some.into_iter().take(strange) {
            put(question, "offtopic");
        }
    }
    let removed: Vec<&str> = removed.into_iter().collect();
    fs::write(out.join("removed_docs.txt"), removed.join("\n") + "\n").unwrap();
    fs::write(out.join("queries.jsonl"), lines).unwrap();
    fs::copy(set.join("qrels.tsv"), out.join("qrels.tsv")).unwrap();
}
