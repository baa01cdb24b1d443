//! The index directory and the scores, over real files.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use docent_corpus::{AssistantId, BlockKind, ByteRange, Line, Passage, Question, Retriever, Version};
use docent_index::{DocumentRecord, Entry, Generation, Index, Store, StoreError};
use docent_language::{detect, grams, tokens};
use proptest::prelude::*;

const WHO: AssistantId = AssistantId(1);
const READER: u32 = 1;

fn passage(document: &str, number: u32, section: u32, text: &str) -> Passage {
    Passage {
        document: document.into(),
        title: document.trim_end_matches(".txt").into(),
        version: Version([1; 16]),
        section,
        headings: vec![format!("Раздел {section}").into()],
        lead: Vec::new(),
        lines: vec![Line {
            kind: BlockKind::Paragraph,
            range: ByteRange::new(0, text.len()),
            page: None,
            text: text.to_owned(),
        }],
        range: ByteRange::new(number as usize, number as usize + text.len()),
    }
}

/// A document of one passage for each text; two passages make a section.
fn document(name: &str, texts: &[&str]) -> (DocumentRecord, Vec<Passage>) {
    let record = DocumentRecord {
        version: Version([1; 16]).to_string(),
        passages: texts.len() as u32,
        ..DocumentRecord::new(name)
    };
    let passages = (0u32..)
        .zip(texts)
        .map(|(number, text)| passage(name, number, number / 2, text))
        .collect();
    (record, passages)
}

fn entries(passages: &[Passage]) -> Vec<Entry> {
    passages.iter().map(Entry::of).collect()
}

fn put(store: &Store, documents: &[(&str, &[&str])], removed: &[&str]) -> Generation {
    let base = store.open().unwrap();
    let mut draft = store.begin(base.as_ref(), &[WHO]).unwrap();
    let mut shelf = draft.shelf(WHO).unwrap();
    for (name, texts) in documents {
        let (record, passages) = document(name, texts);
        shelf.put(record, entries(&passages)).unwrap();
    }
    for name in removed {
        shelf.remove(name);
    }
    shelf.finish().unwrap();
    draft.commit().unwrap()
}

fn found(index: &Index, question: &str) -> Vec<(String, String, f32)> {
    let question = Question {
        text: question.to_owned(),
    };
    let retrieval = index.retrieve(&question, NonZeroUsize::new(20).unwrap()).unwrap();
    retrieval
        .hits
        .iter()
        .map(|hit| {
            (
                hit.passage.document.to_string(),
                hit.passage.lines[0].text.clone(),
                hit.score,
            )
        })
        .collect()
}

fn names(index: &Index, question: &str) -> Vec<String> {
    found(index, question)
        .into_iter()
        .map(|(name, ..)| name)
        .collect()
}

/// The same scores straight from their definition, without an index.
fn defined(passages: &[Passage], question: &str) -> Vec<f32> {
    let analyse = |texts: &[&str]| {
        let (mut stems, mut windows): (HashMap<String, f32>, HashMap<String, f32>) = Default::default();
        for text in texts {
            for token in tokens(text, detect(text)).into_iter().filter(|token| !token.stop) {
                grams(&token.word, |gram| {
                    *windows.entry(gram.to_owned()).or_default() += 1.0;
                });
                *stems.entry(token.stem).or_default() += 1.0;
            }
        }
        [stems, windows]
    };
    let own: Vec<_> = passages
        .iter()
        .map(|one| analyse(&[&one.title, &one.headings[0], &one.lines[0].text]))
        .collect();
    let keys: Vec<_> = passages
        .iter()
        .map(|one| (one.document.clone(), one.section))
        .collect();
    let mut asked: [BTreeMap<String, f32>; 2] = Default::default();
    for token in tokens(question, detect(question)) {
        if !token.stop && !token.question && !asked[0].contains_key(&token.stem) {
            grams(&token.word, |gram| {
                *asked[1].entry(gram.to_owned()).or_default() += 1.0;
            });
            asked[0].insert(token.stem, 1.0);
        }
    }
    let mut scores = vec![0.0; passages.len()];
    for field in 0..2 {
        let count = |at: usize, term: &str| own[at][field].get(term).copied().unwrap_or(0.0);
        let length = |at: usize| own[at][field].values().sum::<f32>();
        let total: f32 = (0..own.len()).map(length).sum();
        let sections: std::collections::HashSet<_> = keys.iter().collect();
        let idf = |term: &str| {
            let found = (0..own.len()).filter(|&at| count(at, term) > 0.0).count() as f32;
            (1.0 + (own.len() as f32 - found + 0.5) / (found + 0.5)).ln()
        };
        let ideal: f32 = asked[field]
            .iter()
            .map(|(term, times)| 2.2 * times * idf(term))
            .sum();
        for at in 0..own.len() {
            let together: Vec<usize> = (0..own.len()).filter(|&other| keys[other] == keys[at]).collect();
            for (term, times) in &asked[field] {
                let gain = |count: f32, length: f32, mean: f32| {
                    count * 2.2 / (count + 1.2 * (1.0 - 0.9 + 0.9 * length / mean)) * times * idf(term)
                        / ideal
                };
                let in_section = together.iter().map(|&one| count(one, term)).sum();
                let section_length = together.iter().map(|&one| length(one)).sum();
                scores[at] += 0.5 * 0.6 * gain(count(at, term), length(at), total / own.len() as f32)
                    + 0.5 * 0.4 * gain(in_section, section_length, total / sections.len() as f32);
            }
        }
    }
    scores
}

#[test]
fn what_was_committed_is_found_after_a_restart_and_what_was_removed_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path(), READER);
    assert!(store.open().unwrap().is_none());
    put(
        &store,
        &[
            ("a.txt", &["Отпуск длится двадцать восемь дней."]),
            ("b.txt", &["Зарплата дважды в месяц."]),
        ],
        &[],
    );
    let reopened = store.open().unwrap().unwrap();
    let index = reopened.index(WHO).unwrap();
    assert_eq!(names(index, "отпуск"), ["a.txt"]);
    assert!(reopened.manifest().document(WHO, "b.txt").is_some());
    put(&store, &[("b.txt", &["Премия раз в год."])], &["a.txt"]);
    let changed = store.open().unwrap().unwrap();
    let newer = changed.index(WHO).unwrap();
    assert_eq!(names(newer, "отпуск зарплата"), Vec::<String>::new());
    assert_eq!(names(newer, "премия"), ["b.txt"]);
    assert!(changed.manifest().document(WHO, "a.txt").is_none());
    assert!(changed.number() > reopened.number());
    // The snapshot that was open before goes on answering from its own state.
    assert_eq!(names(index, "отпуск"), ["a.txt"]);
}

#[test]
fn no_word_of_a_removed_document_stays_on_disk() {
    fn holds(folder: &Path, word: &[u8]) -> bool {
        fs::read_dir(folder).unwrap().any(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                holds(&path, word)
            } else {
                fs::read(path)
                    .unwrap()
                    .windows(word.len())
                    .any(|window| window == word)
            }
        })
    }
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path(), READER);
    put(
        &store,
        &[
            ("keep.txt", &["обычный текст"]),
            ("gone.txt", &["qzxwkvj secret"]),
        ],
        &[],
    );
    assert!(
        holds(folder.path(), b"qzxwkvj"),
        "the check itself must be able to see it"
    );
    put(&store, &[], &["gone.txt"]);
    assert!(!holds(folder.path(), b"qzxwkvj"));
}

#[test]
fn a_build_that_was_cut_off_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path(), READER);
    put(&store, &[("a.txt", &["отпуск"])], &[]);
    {
        let base = store.open().unwrap();
        let mut draft = store.begin(base.as_ref(), &[WHO]).unwrap();
        let mut shelf = draft.shelf(WHO).unwrap();
        let (record, passages) = document("b.txt", &["зарплата"]);
        shelf.put(record, entries(&passages)).unwrap();
    }
    let after = store.open().unwrap().unwrap();
    assert_eq!(names(after.index(WHO).unwrap(), "отпуск зарплата"), ["a.txt"]);
    // The rest of the build is in the way of nobody.
    put(&store, &[("b.txt", &["зарплата"])], &[]);
    let after = store.open().unwrap().unwrap();
    assert_eq!(after.index(WHO).unwrap().len(), 2);
}

#[test]
fn a_second_builder_is_told_who_holds_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path(), READER);
    let first = store.begin(None, &[WHO]).unwrap();
    match store.begin(None, &[WHO]) {
        Err(StoreError::Locked { holder, .. }) => {
            let own = format!("process {} for ", std::process::id());
            assert!(holder.starts_with(&own) && holder.ends_with(" s"), "{holder}");
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("two builders at once"),
    }
    drop(first);
    store.begin(None, &[WHO]).unwrap();
}

#[test]
fn an_index_of_another_reader_is_not_used_and_a_damaged_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path(), READER);
    let made = put(&store, &[("a.txt", &["отпуск"])], &[]);
    assert!(Store::new(folder.path(), READER + 1).open().unwrap().is_none());
    let home = folder.path().join(format!("gen-{:06}", made.number())).join("1");
    for entry in fs::read_dir(&home).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "store") {
            fs::write(path, "short").unwrap();
        }
    }
    drop(made);
    match store.open() {
        Err(StoreError::Damaged { path, .. }) => assert_eq!(path, home),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("a cut file went unseen"),
    }
}

#[test]
fn a_snapshot_can_be_read_where_nothing_may_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path(), READER);
    put(&store, &[("a.txt", &["отпуск"])], &[]);
    let before: Vec<_> = listing(folder.path());
    let opened = store.open().unwrap().unwrap();
    assert_eq!(names(opened.index(WHO).unwrap(), "отпуск"), ["a.txt"]);
    assert_eq!(
        listing(folder.path()),
        before,
        "opening and asking must not write"
    );
}

fn listing(folder: &Path) -> Vec<(std::path::PathBuf, std::time::SystemTime)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            found.extend(listing(&entry.path()));
        }
        found.push((entry.path(), entry.metadata().unwrap().modified().unwrap()));
    }
    found.sort();
    found
}

fn text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "отпуск",
        "отпуска",
        "зарплата",
        "дней",
        "статья",
        "115",
        "договор",
        "договора",
        "leave",
        "days",
        "жалақы",
    ]);
    prop::collection::vec(word, 1..8).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn scores_are_what_their_definition_says(texts in prop::collection::vec(text(), 1..10), question in text()) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut passages = document("a.txt", &texts).1;
        passages.extend(document("b.txt", &texts[..texts.len() / 2]).1);
        let expected = defined(&passages, &question);
        let index = Index::build(passages.clone()).unwrap();
        let got = found(&index, &question);
        prop_assert_eq!(got.len(), expected.iter().filter(|&&score| score > 0.0).count());
        let mut sorted = expected.clone();
        sorted.sort_by(|one, other| other.total_cmp(one));
        for (score, (.., found)) in sorted.iter().zip(&got) {
            prop_assert!((score - found).abs() < 1e-4, "{} {}", score, found);
        }
    }

    #[test]
    fn a_library_changed_step_by_step_answers_like_one_indexed_at_once(
        steps in prop::collection::vec((0usize..4, prop::collection::vec(text(), 0..4)), 1..12),
        question in text(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path(), READER);
        let mut state: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (number, texts) in steps {
            let name = format!("{number}.txt");
            if texts.is_empty() {
                state.remove(&name);
                put(&store, &[], &[&name]);
            } else {
                let parts: Vec<&str> = texts.iter().map(String::as_str).collect();
                put(&store, &[(&name, &parts)], &[]);
                state.insert(name, texts);
            }
        }
        let passages = state.iter().flat_map(|(name, texts)| {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            document(name, &texts).1
        });
        let at_once = Index::build(passages).unwrap();
        let by_steps = store.open().unwrap().unwrap();
        prop_assert_eq!(found(by_steps.index(WHO).unwrap(), &question), found(&at_once, &question));
    }
}
