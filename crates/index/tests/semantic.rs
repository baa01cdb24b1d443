//! Word vectors beside the words: the formats, the files made of them, what they change and what they leave alone.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::fs;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;

use docent_corpus::{AssistantId, BlockKind, ByteRange, Hit, Line, Passage, Question, Retriever, Version};
use docent_index::{DocumentRecord, Entry, Generation, Index, Store, StoreError};
use flate2::Compression;
use flate2::write::GzEncoder;

const WHO: AssistantId = AssistantId(1);
const DIMENSIONS: usize = 4;

/// Words that point the same way mean the same.
const WORDS: [(&str, [f32; DIMENSIONS]); 10] = [
    ("увольнение", [1.0, 0.1, 0.0, 0.0]),
    ("расторжение", [0.9, 0.2, 0.0, 0.0]),
    ("договора", [0.8, 0.0, 0.1, 0.0]),
    ("получка", [0.0, 1.0, 0.1, 0.0]),
    ("жалованье", [0.0, 0.9, 0.0, 0.1]),
    ("выдаётся", [0.1, 0.8, 0.0, 0.0]),
    ("собака", [0.0, 0.0, 1.0, 0.1]),
    ("щенок", [0.0, 0.1, 0.9, 0.0]),
    ("лает", [0.0, 0.0, 0.8, 0.2]),
    ("ёлка", [0.0, 0.0, 0.1, 1.0]),
];

const TEXTS: [&str; 3] = [
    "Расторжение договора оформляет приказ.",
    "Жалованье выдаётся вовремя.",
    "Щенок лает громко.",
];

fn as_text() -> Vec<u8> {
    let line = |(word, vector): (&str, [f32; DIMENSIONS])| {
        let numbers = vector.map(|number| number.to_string());
        format!("{word} {}\n", numbers.join(" "))
    };
    let text = format!("{} {DIMENSIONS}\n{}", WORDS.len(), WORDS.map(line).concat());
    text.into_bytes()
}

fn member(tar: &mut Vec<u8>, name: &str, bytes: &[u8]) {
    let mut head = [0; 512];
    head[..name.len()].copy_from_slice(name.as_bytes());
    head[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
    head[257..262].copy_from_slice(b"ustar");
    tar.extend(head);
    tar.extend(bytes);
    tar.resize(tar.len().next_multiple_of(512), 0);
}

/// The same vectors as navec has them: two parts of two numbers, a piece of its own for each word.
fn as_navec() -> Vec<u8> {
    let count = WORDS.len() as u32;
    let mut list = Vec::new();
    list.extend(count.to_le_bytes());
    (0..count).for_each(|nth| list.extend((1_000 - nth).to_le_bytes()));
    list.extend(WORDS.map(|(word, _)| word).join("\n").as_bytes());
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&list).unwrap();
    let mut pq = Vec::new();
    for number in [count, DIMENSIONS as u32, 2, count] {
        pq.extend(number.to_le_bytes());
    }
    (0..count).for_each(|nth| pq.extend([nth as u8, nth as u8]));
    for part in 0..2 {
        for (_, vector) in WORDS {
            pq.extend(
                vector[2 * part..2 * part + 2]
                    .iter()
                    .flat_map(|number| number.to_le_bytes()),
            );
        }
    }
    let mut tar = Vec::new();
    member(&mut tar, "meta.json", b"{\"id\": \"tiny\", \"protocol\": 1}");
    member(&mut tar, "vocab.bin", &packed.finish().unwrap());
    member(&mut tar, "pq.bin", &pq);
    tar.resize(tar.len() + 1024, 0);
    tar
}

fn passage(document: &str, text: &str) -> Passage {
    Passage {
        document: document.into(),
        title: document.into(),
        version: Version([1; 16]),
        date: None,
        section: 0,
        headings: vec!["Раздел".into()],
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

fn put(store: &Store, documents: &[(&str, &str)], removed: &[&str]) -> Generation {
    let base = store.open().unwrap();
    let mut draft = store.begin(base.as_ref(), &[WHO]).unwrap();
    let mut shelf = draft.shelf(WHO).unwrap();
    for (name, text) in documents {
        let record = DocumentRecord {
            version: Version([1; 16]).to_string(),
            passages: 1,
            ..DocumentRecord::new(*name)
        };
        shelf.put(record, vec![Entry::of(&passage(name, text))]).unwrap();
    }
    for name in removed {
        shelf.remove(name);
    }
    shelf.finish().unwrap();
    draft.commit().unwrap()
}

fn hits(index: &Index, question: &str) -> Vec<Hit> {
    let question = Question {
        text: question.to_owned(),
    };
    index
        .retrieve(&question, NonZeroUsize::new(20).unwrap())
        .unwrap()
        .hits
}

fn first(index: &Index, question: &str) -> Option<String> {
    let found = hits(index, question);
    found.first().map(|hit| hit.passage.document.to_string())
}

fn built(words: Option<&Path>) -> Index {
    let passages = ["а", "б", "в"]
        .iter()
        .zip(TEXTS)
        .map(|(name, text)| passage(name, text));
    let index = Index::build(passages).unwrap();
    words.map_or_else(
        || Index::build([]).unwrap(),
        |words| index.with_words(words).unwrap(),
    )
}

fn file(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn what_is_said_in_other_words_is_found_with_either_format() {
    let folder = tempfile::tempdir().unwrap();
    let plain = Index::build([passage("а", TEXTS[0])]).unwrap();
    assert_eq!(first(&plain, "увольнение"), None, "no word in common");
    for (name, bytes) in [("w.vec", as_text()), ("w.tar", as_navec())] {
        let index = built(Some(&file(&folder, name, &bytes)));
        for (question, place) in [("Увольнение?", "а"), ("получка", "б"), ("собака", "в")]
        {
            assert_eq!(
                first(&index, question).as_deref(),
                Some(place),
                "{name}: {question}"
            );
        }
        let near = hits(&index, "увольнение");
        assert!(
            near[0].score > near[1].score && near[0].share.abs() < 1e-6,
            "nearness orders and is no share of the words: {near:?}"
        );
    }
}

#[test]
fn a_word_of_the_documents_weighs_more_than_nearness() {
    let folder = tempfile::tempdir().unwrap();
    let words = file(&folder, "w.vec", &as_text());
    let index = built(Some(&words));
    assert_eq!(first(&index, "собака оформляет приказ").as_deref(), Some("а"));
    assert_eq!(
        hits(&index, "неведомое").len(),
        0,
        "a question of unknown words is near to nothing"
    );
}

#[test]
fn steps_find_what_one_go_finds_and_without_the_file_nothing_is_left_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let words = file(&folder, "w.vec", &as_text());
    let store = |name: &str| Store::new(folder.path().join(name), 1);
    let with = |name: &str| store(name).with_words(&words).unwrap();
    let documents: Vec<(&str, &str)> = ["а", "б", "в"].into_iter().zip(TEXTS).collect();
    let whole = put(&with("whole"), &documents, &[]);
    put(&with("steps"), &[documents[2], ("г", "Получка ушла.")], &[]);
    put(&with("steps"), &[documents[0]], &["г"]);
    let steps = put(&with("steps"), &[documents[1]], &[]);
    let plain = put(&store("plain"), &documents, &[]);
    let off = put(&store("steps"), &[], &[]);
    let again = with("steps");
    assert!(!again.has_words_of(&off) && again.has_words_of(&steps));
    for question in [
        "увольнение",
        "жалованье",
        "кто лает громко",
        "расторжение договора",
    ] {
        let of = |generation: &Generation| hits(generation.index(WHO).unwrap(), question);
        assert_eq!(of(&steps), of(&whole), "{question}");
        assert_eq!(of(&off), of(&plain), "{question}");
    }
    let left: Vec<_> = fs::read_dir(folder.path().join("steps/gen-000004/1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("vectors"))
        .collect();
    assert!(left.is_empty() && !folder.path().join("steps/gen-000004/words").exists());
    assert_eq!(
        hits(put(&again, &[], &[]).index(WHO).unwrap(), "увольнение").len(),
        3
    );
}

#[test]
fn a_file_that_is_no_word_vectors_is_named_with_what_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let cut = as_navec();
    let cases: [(&str, &[u8]); 9] = [
        ("empty", b""),
        ("words", "Приказ о приёме на работу\n".as_bytes()),
        ("packed", &[0x1f, 0x8b, 8, 0]),
        ("wide", b"2 100000\n"),
        ("many", b"99999999999 300\n"),
        ("short", "1 4\nслово 1 2 3\n".as_bytes()),
        ("nan", "1 2\nслово NaN 1\n".as_bytes()),
        ("binary", &[b'1', b' ', b'4', b'\n', 0xff, 0, 1, 2]),
        ("cut", &cut[..2_100]),
    ];
    for (name, bytes) in cases {
        let path = file(&folder, name, bytes);
        let store = Store::new(folder.path().join("index"), 1)
            .with_words(&path)
            .unwrap();
        let error = store.begin(None, &[WHO]).err().unwrap();
        let StoreError::Words { source, .. } = &error else {
            panic!("{name}: {error:?}");
        };
        assert!(error.to_string().ends_with(name), "{error}");
        let said = source.to_string();
        assert!(
            said.contains("navec") || said.contains("cannot be read"),
            "{name}: {said}"
        );
    }
    let missing = Store::new(folder.path().join("index"), 1).with_words(&folder.path().join("nowhere"));
    assert!(missing.unwrap_err().to_string().ends_with("nowhere"));
}

#[test]
fn whatever_stands_in_a_file_it_is_taken_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let whole = as_navec();
    let (mut taken, mut refused) = (0, 0);
    // The parts that say how much there is of what: heads of the tar and of its members.
    let places = (0..520)
        .step_by(3)
        .chain(1_024..1_700)
        .chain(whole.len() - 2_000..whole.len() - 1_500);
    for (nth, at) in places.enumerate() {
        let mut bytes = whole.clone();
        bytes[at] = bytes[at].wrapping_add([1, 0x7f, 0xff][nth % 3]);
        let index = Index::build([passage("а", TEXTS[0])]).unwrap();
        match index.with_words(&file(&folder, "w.tar", &bytes)) {
            Ok(index) => {
                taken += 1;
                hits(&index, "увольнение");
            }
            Err(_) => refused += 1,
        }
    }
    assert!(taken > 0 && refused > 0, "{taken} {refused}");
}

#[test]
fn files_made_of_the_vectors_that_were_cut_are_a_damaged_index() {
    let folder = tempfile::tempdir().unwrap();
    let words = file(&folder, "w.vec", &as_text());
    for name in ["words", "1/texts.vectors", "1/headings.vectors"] {
        let root = folder.path().join(name.replace('/', "-"));
        let store = Store::new(&root, 1).with_words(&words).unwrap();
        put(&store, &[("а", TEXTS[0])], &[]);
        let path = root.join("gen-000001").join(name);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
        assert!(
            matches!(store.open(), Err(StoreError::Damaged { .. })),
            "{name} was cut"
        );
    }
}

/// `DOCENT_WORDS` names a real navec file for this; it is not part of the project.
#[test]
fn a_real_file_brings_words_together_that_mean_the_same() {
    let Some(path) = std::env::var_os("DOCENT_WORDS") else {
        eprintln!("skipped: DOCENT_WORDS names no file");
        return;
    };
    let texts = [
        ("а", "Работодатель вправе расторгнуть трудовой договор."),
        ("б", "Кошка спит на подоконнике."),
        ("в", "Собственники оплачивают ремонт кровли."),
    ];
    let index = Index::build(texts.map(|(name, text)| passage(name, text))).unwrap();
    let index = index.with_words(Path::new(&path)).unwrap();
    assert_eq!(first(&index, "начальник увольняет").as_deref(), Some("а"));
    assert_eq!(first(&index, "жильцы чинят крышу").as_deref(), Some("в"));
}
