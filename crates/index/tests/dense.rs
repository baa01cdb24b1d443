//! A model of whole texts beside the words: what it changes, what is encoded when, and what it leaves alone.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use docent_corpus::{AssistantId, BlockKind, ByteRange, Hit, Line, Passage, Question, Retriever, Version};
use docent_index::{
    DocumentRecord, Embedder, EmbedderError, Entry, Fusion, Generation, Index, Store, StoreError,
};

const WHO: AssistantId = AssistantId(1);

/// Beginnings of words that mean the same, a direction each.
const MEANINGS: [&[&str]; 4] = [
    &["отпуск", "каникул", "отдых"],
    &["зарплат", "получк", "жаловань"],
    &["собак", "щен", "лает"],
    &["договор", "контракт"],
];

/// A model that knows a few words, counts what it encodes and can be told to fail.
struct Model {
    name: u8,
    encoded: AtomicUsize,
    /// How many passages it encodes before it fails.
    strength: usize,
}

impl Model {
    fn new(name: u8) -> Arc<Self> {
        Self::failing(name, usize::MAX)
    }

    fn failing(name: u8, strength: usize) -> Arc<Self> {
        let encoded = AtomicUsize::new(0);
        Arc::new(Self {
            name,
            encoded,
            strength,
        })
    }

    fn vector(text: &str) -> Vec<f32> {
        let text = text.to_lowercase();
        let count =
            |words: &&[&str]| words.iter().map(|word| text.matches(word).count()).sum::<usize>() as f32;
        // A little of something that all texts have, as real models give.
        MEANINGS.iter().map(count).chain([0.5]).collect()
    }

    fn encoded(&self) -> usize {
        self.encoded.swap(0, Ordering::Relaxed)
    }
}

impl Embedder for Model {
    fn fingerprint(&self) -> [u8; 16] {
        [self.name; 16]
    }

    fn dimension(&self) -> usize {
        MEANINGS.len() + 1
    }

    fn passages(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedderError> {
        if self.encoded.fetch_add(texts.len(), Ordering::Relaxed) + texts.len() > self.strength {
            return Err("it was switched off".into());
        }
        Ok(texts.iter().map(|text| Self::vector(text)).collect())
    }

    fn question(&self, text: &str) -> Result<Vec<f32>, EmbedderError> {
        if self.strength == 0 {
            return Err("it was switched off".into());
        }
        Ok(Self::vector(text))
    }
}

fn passage(document: &str, text: &str) -> Passage {
    Passage {
        document: document.into(),
        title: "".into(),
        version: Version([1; 16]),
        date: None,
        section: 0,
        headings: Vec::new(),
        lead: Vec::new(),
        lines: vec![Line {
            kind: BlockKind::Paragraph,
            range: ByteRange::new(0, text.len()),
            page: None,
            text: text.to_owned(),
        }],
        range: ByteRange::new(0, text.len()),
    }
}

const TEXTS: [(&str, &str); 4] = [
    ("а", "Каникулы дают летом."),
    ("б", "Жалованье выдают пятого числа."),
    ("в", "Щенок лает громко."),
    ("г", "Контракт подписывает начальник."),
];

fn index() -> Index {
    Index::build(TEXTS.iter().map(|(name, text)| passage(name, text))).unwrap()
}

fn modelled(fusion: Fusion) -> Index {
    index().with_embedder(Model::new(1), fusion).unwrap()
}

fn hits(index: &Index, question: &str) -> Vec<Hit> {
    let question = Question {
        text: question.to_owned(),
    };
    let limit = NonZeroUsize::new(20).unwrap();
    index.retrieve(&question, limit).unwrap().hits
}

fn first(index: &Index, question: &str) -> Option<String> {
    let found = hits(index, question);
    found.first().map(|hit| hit.passage.document.to_string())
}

/// Builds a generation upon the current one, or upon none.
fn try_put(
    store: &Store,
    documents: &[(&str, &str)],
    removed: &[&str],
    anew: bool,
) -> Result<Generation, StoreError> {
    let base = store.open().unwrap().filter(|_| !anew);
    let mut draft = store.begin(base.as_ref(), &[WHO])?;
    let mut shelf = draft.shelf(WHO)?;
    for (name, text) in documents {
        let record = DocumentRecord {
            version: Version([1; 16]).to_string(),
            passages: 1,
            ..DocumentRecord::new(*name)
        };
        shelf.put(record, vec![Entry::of(&passage(name, text))])?;
    }
    for name in removed {
        shelf.remove(name);
    }
    shelf.finish()?;
    draft.commit()
}

fn put(store: &Store, documents: &[(&str, &str)], removed: &[&str]) -> Generation {
    try_put(store, documents, removed, false).unwrap()
}

/// Names of all files of an index directory but the lock.
fn files(root: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    names.sort();
    names
}

#[test]
fn what_is_said_in_other_words_is_found_by_either_fusion_and_judged_by_its_words() {
    assert_eq!(first(&index(), "отдых"), None, "no word in common");
    for fusion in [Fusion::Sum, Fusion::Rrf] {
        let index = modelled(fusion);
        for (question, wanted) in [
            ("отдых", "а"),
            ("получка", "б"),
            ("собака", "в"),
            ("договор", "г"),
        ] {
            assert_eq!(
                first(&index, question).as_deref(),
                Some(wanted),
                "{fusion:?}: {question}"
            );
            for hit in hits(&index, question) {
                assert!(hit.share.abs() < 1e-6, "nearness is no evidence: {hit:?}");
            }
        }
    }
}

#[test]
fn the_share_of_a_passage_is_that_of_its_words_whatever_is_near() {
    let (plain, question) = (index(), "жалованье пятого числа собаке");
    let share = |index: &Index, name: &str| {
        let found = hits(index, question);
        let hit = found.iter().find(|hit| &*hit.passage.document == name);
        hit.map_or(0.0, |hit| hit.share)
    };
    assert!(share(&plain, "б") > 0.1);
    for fusion in [Fusion::Sum, Fusion::Rrf] {
        let index = modelled(fusion);
        for (name, _) in TEXTS {
            let (own, wanted) = (share(&index, name), share(&plain, name));
            assert!((own - wanted).abs() < 1e-5, "{fusion:?}: {name}: {own} {wanted}");
        }
    }
}

#[test]
fn steps_find_what_one_go_finds_and_no_passage_is_encoded_twice() {
    let folder = tempfile::tempdir().unwrap();
    let model = Model::new(1);
    let store =
        |name: &str| Store::new(folder.path().join(name), 1).with_embedder(model.clone(), Fusion::Sum);
    let whole = put(&store("whole"), &TEXTS, &[]);
    assert_eq!(model.encoded(), 4);
    put(&store("steps"), &[TEXTS[2], ("д", "Отпуск ждёт.")], &[]);
    assert_eq!(model.encoded(), 2);
    put(&store("steps"), &[TEXTS[0]], &["д"]);
    assert_eq!(model.encoded(), 1);
    // The same text twice is encoded once.
    put(&store("steps"), &[TEXTS[1], ("е", TEXTS[1].1)], &[]);
    assert_eq!(model.encoded(), 1);
    let steps = put(&store("steps"), &[TEXTS[3]], &["е"]);
    assert_eq!(model.encoded(), 1);
    for question in ["отдых", "зарплата летом", "контракт с собакой", "нечто"]
    {
        let of = |generation: &Generation| hits(generation.index(WHO).unwrap(), question);
        assert_eq!(of(&steps), of(&whole), "{question}");
    }
    let anew = try_put(&store("steps"), &TEXTS, &[], true).unwrap();
    assert_eq!(model.encoded(), 0, "what is read anew has the same vectors");
    assert_eq!(first(anew.index(WHO).unwrap(), "отдых").as_deref(), Some("а"));
}

/// Makes documents of one sentence each, told apart by a number.
fn numbered(count: usize, word: &str) -> Vec<(String, String)> {
    (0..count)
        .map(|nth| (format!("{nth}"), format!("{word} номер {nth}.")))
        .collect()
}

fn borrowed(texts: &[(String, String)]) -> Vec<(&str, &str)> {
    texts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect()
}

#[test]
fn a_build_that_was_broken_off_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("index");
    let texts = numbered(200, "Договор");
    let texts = borrowed(&texts);
    let store = |model: &Arc<Model>| Store::new(&root, 1).with_embedder(model.clone(), Fusion::Sum);
    let weak = Model::failing(1, 130);
    let broken = try_put(&store(&weak), &texts, &[], false);
    assert!(matches!(broken, Err(StoreError::Model(_))));
    // Two batches of 64 were done. The last entry was half written when the machine went down.
    let journal = root.join("passages.journal");
    let bytes = fs::read(&journal).unwrap();
    fs::write(&journal, &bytes[..bytes.len() - 5]).unwrap();
    let model = Model::new(1);
    put(&store(&model), &texts, &[]);
    assert_eq!(model.encoded(), 200 - 128 + 1);
    assert!(!journal.exists());

    // What another model left is not taken.
    let weak = Model::failing(2, 130);
    assert!(try_put(&store(&weak), &texts, &[], false).is_err());
    assert!(journal.exists());
    let model = Model::new(3);
    put(&store(&model), &texts, &[]);
    assert_eq!(model.encoded(), 200);
}

#[test]
fn a_damaged_entry_of_the_journal_and_all_after_it_are_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("index");
    let texts = numbered(128, "Собака");
    let texts = borrowed(&texts);
    let store = |model: &Arc<Model>| Store::new(&root, 1).with_embedder(model.clone(), Fusion::Sum);
    assert!(try_put(&store(&Model::failing(1, 64)), &texts, &[], false).is_err());
    let journal = root.join("passages.journal");
    let mut bytes = fs::read(&journal).unwrap();
    let entry = (bytes.len() - 24) / 64;
    bytes[24 + 10 * entry + entry / 2] ^= 1;
    fs::write(&journal, bytes).unwrap();
    let model = Model::new(1);
    let generation = put(&store(&model), &texts, &[]);
    assert_eq!(model.encoded(), 118);
    assert_eq!(hits(generation.index(WHO).unwrap(), "щенок").len(), 20);
}

#[test]
fn another_model_makes_another_generation_and_the_one_before_serves_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("index");
    let store = |name: u8| Store::new(&root, 1).with_embedder(Model::new(name), Fusion::Sum);
    let old = put(&store(1), &TEXTS, &[]);
    assert!(store(1).has_model_of(&old) && !store(2).has_model_of(&old));
    let new = put(&store(2), &[], &[]);
    assert!(store(2).has_model_of(&new) && new.number() > old.number());
    for generation in [&old, &new] {
        assert_eq!(
            first(generation.index(WHO).unwrap(), "отдых").as_deref(),
            Some("а")
        );
    }
    // Opened by who has another model, or none, words alone find.
    for other in [store(1), Store::new(&root, 1)] {
        let opened = other.open().unwrap().unwrap();
        assert_eq!(first(opened.index(WHO).unwrap(), "отдых"), None);
    }
}

#[test]
fn words_find_first_and_keep_what_the_model_has_made() {
    let folder = tempfile::tempdir().unwrap();
    let model = Model::new(1);
    let store = Store::new(folder.path().join("index"), 1).with_embedder(model.clone(), Fusion::Sum);
    put(&store, &TEXTS[..3], &[]);
    assert_eq!(model.encoded(), 3);
    let words = put(&store.words_first(), &[TEXTS[3]], &[]);
    assert_eq!(model.encoded(), 0);
    assert!(!store.has_model_of(&words));
    assert_eq!(first(words.index(WHO).unwrap(), "отдых"), None);
    let whole = put(&store, &[], &[]);
    assert_eq!(model.encoded(), 1);
    assert_eq!(first(whole.index(WHO).unwrap(), "договор").as_deref(), Some("г"));
}

#[test]
fn without_a_model_nothing_is_left_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = |name: &str| folder.path().join(name);
    let with = Store::new(root("off"), 1).with_embedder(Model::new(1), Fusion::Sum);
    put(&with, &TEXTS, &[]);
    assert!(files(&root("off")).contains(&"passages.vectors".to_owned()));
    let off = put(&Store::new(root("off"), 1), &[], &[]);
    let plain = put(&Store::new(root("plain"), 1), &TEXTS, &[]);
    for question in ["отдых", "жалованье", "контракт с собакой"] {
        let of = |generation: &Generation| hits(generation.index(WHO).unwrap(), question);
        assert_eq!(of(&off), of(&plain), "{question}");
    }
    let left = files(&root("off"));
    assert!(left.iter().all(|name| !name.starts_with("passages")), "{left:?}");
    let manifest = |name: &str, number: u32| {
        fs::read_to_string(root(name).join(format!("gen-{number:06}/manifest.json"))).unwrap()
    };
    assert_eq!(manifest("off", 2), manifest("plain", 1));
}

#[test]
fn a_model_that_fails_at_a_question_leaves_it_to_the_words() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("index");
    put(
        &Store::new(&root, 1).with_embedder(Model::new(1), Fusion::Sum),
        &TEXTS,
        &[],
    );
    let broken = Store::new(&root, 1).with_embedder(Model::failing(1, 0), Fusion::Sum);
    let opened = broken.open().unwrap().unwrap();
    let question = "выдают жалованье";
    assert_eq!(
        hits(opened.index(WHO).unwrap(), question),
        hits(&index(), question)
    );
}
