//! The index directory and the scores, over real files.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use docent_corpus::{
    AssistantId, BlockKind, ByteRange, Interest, Line, Passage, Place, Question, Retriever, Version,
};
use docent_index::{DocumentRecord, Entry, Generation, Index, Store, StoreError, Told};
use docent_language::{detect, grams, tokens};
use proptest::prelude::*;

const WHO: AssistantId = AssistantId(1);
const READER: u32 = 1;

fn passage(document: &str, number: u32, section: u32, text: &str) -> Passage {
    Passage {
        document: document.into(),
        title: document.trim_end_matches(".txt").into(),
        version: Version([1; 16]),
        date: None,
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

#[test]
fn a_document_is_given_back_in_reading_order_and_nothing_of_one_that_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path(), READER);
    put(
        &store,
        &[
            ("a.txt", &["один", "два", "три", "четыре", "пять"]),
            ("b.txt", &["шесть"]),
        ],
        &[],
    );
    let now = put(&store, &[("c.txt", &["семь", "восемь"])], &["b.txt"]);
    let index = now.index(WHO).unwrap();
    let texts = |name: &str| -> Vec<String> {
        let part = index.document(name, Place::Part(9)).unwrap();
        let passages = part.map_or(Vec::new(), |part| part.passages);
        passages.iter().map(|one| one.lines[0].text.clone()).collect()
    };
    assert_eq!(texts("a.txt"), ["один", "два", "три", "четыре", "пять"]);
    assert_eq!(texts("c.txt"), ["семь", "восемь"]);
    for gone in ["b.txt", "A.txt", "a.tx", "", "../a.txt"] {
        assert_eq!(texts(gone), [""; 0], "{gone}");
    }
}

#[test]
fn the_parts_of_a_long_document_join_and_each_byte_is_in_its_own() {
    let passages: Vec<Passage> = (0..1000)
        .map(|number| Passage {
            range: ByteRange::new(number * 10, number * 10 + 10),
            ..passage("a.txt", 0, number as u32 / 7, &format!("слово{number}"))
        })
        .collect();
    let index = Index::build(passages.clone()).unwrap();
    let part = |place| index.document("a.txt", place).unwrap().unwrap();
    let all = part(Place::Part(0)).parts;
    assert!(all > 3);
    let joined: Vec<Passage> = (0..all).flat_map(|nth| part(Place::Part(nth)).passages).collect();
    assert_eq!(joined, passages);
    assert_eq!(part(Place::Part(usize::MAX)).part, all - 1);
    for byte in [0, 9, 10, 1279, 1280, 5005, 9999] {
        let found = part(Place::Byte(byte));
        let holds = |one: &Passage| (one.range.start..one.range.end).contains(&byte);
        assert!(found.passages.iter().any(holds), "{byte}");
    }
    assert_eq!(part(Place::Byte(usize::MAX)).part, all - 1);
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

/// How alike two words are, straight from the definition.
fn likeness(words: &BTreeSet<String>, one: &str, other: &str) -> f32 {
    let windows = |word: &str| {
        let mut found = BTreeSet::new();
        if !word.bytes().any(|byte| byte.is_ascii_digit()) {
            grams(word, |gram| {
                found.insert(gram.to_owned());
            });
        }
        found
    };
    if one == other {
        return 1.0;
    }
    let (mine, yours) = (windows(one), windows(other));
    let sum = |set: &mut dyn Iterator<Item = &String>| -> f32 {
        set.map(|window| {
            let found = words.iter().filter(|word| windows(word).contains(window)).count() as f32;
            (1.0 + (words.len() as f32 - found + 0.5) / (found + 0.5)).ln()
        })
        .sum()
    };
    let shared = sum(&mut mine.intersection(&yours));
    let all = sum(&mut mine.iter()) + sum(&mut yours.iter());
    let likeness = if all > 0.0 {
        (2.0 * shared / all).min(0.99)
    } else {
        0.0
    };
    if likeness >= 0.2 { likeness } else { 0.0 }
}

/// The same scores straight from their definition, without an index.
fn defined(passages: &[Passage], question: &str) -> Vec<f32> {
    let analyse = |texts: &[&str]| {
        let mut stems: BTreeMap<String, f32> = BTreeMap::new();
        for text in texts {
            for token in tokens(text, detect(text)).into_iter().filter(|token| !token.stop) {
                *stems.entry(token.stem).or_default() += 1.0;
            }
        }
        stems
    };
    let own: Vec<_> = passages
        .iter()
        .map(|one| analyse(&[&one.title, &one.headings[0], &one.lines[0].text]))
        .collect();
    let words: BTreeSet<String> = own.iter().flat_map(BTreeMap::keys).cloned().collect();
    let keys: Vec<_> = passages
        .iter()
        .map(|one| (one.document.clone(), one.section))
        .collect();
    let sections: BTreeSet<_> = keys.iter().collect();
    let mut asked = BTreeSet::new();
    for token in tokens(question, detect(question)) {
        if !token.stop && !token.question {
            asked.insert(token.stem);
        }
    }
    let all = own.len() as f32;
    let length = |at: usize| own[at].values().sum::<f32>();
    let total: f32 = (0..own.len()).map(length).sum();
    let mut scores = vec![0.0; own.len()];
    let mut ideal = 0.0;
    let mut idfs = Vec::new();
    for term in &asked {
        let alike: Vec<(&String, f32)> = words
            .iter()
            .map(|word| (word, likeness(&words, term, word).powf(2.5)))
            .collect();
        let count = |at: usize| -> f32 {
            alike
                .iter()
                .map(|(word, weight)| weight * own[at].get(*word).copied().unwrap_or(0.0))
                .sum()
        };
        let found: f32 = (0..own.len()).map(|at| count(at).min(1.0)).sum();
        let idf = (1.0 + (all - found + 0.5) / (found + 0.5)).ln();
        ideal += idf;
        idfs.push((term, idf));
        let gain = |count: f32, length: f32, mean: f32| {
            idf * count / (count + 1.2 * (1.0 - 0.9 + 0.9 * length / mean))
        };
        for at in 0..own.len() {
            let together: Vec<usize> = (0..own.len()).filter(|&other| keys[other] == keys[at]).collect();
            let in_section: f32 = together.iter().map(|&one| count(one)).sum();
            let section_length: f32 = together.iter().map(|&one| length(one)).sum();
            scores[at] += 0.6 * gain(count(at), length(at), total / all)
                + 0.4 * gain(in_section, section_length, total / sections.len() as f32);
        }
    }
    // What the most telling of title, heading and text holds of the question.
    let told = |at: usize| {
        let one = &passages[at];
        let parts = [&*one.title, &*one.headings[0], &*one.lines[0].text];
        let worth = |text: &&str| -> f32 {
            let there: BTreeSet<String> = analyse(&[*text]).into_keys().collect();
            idfs.iter()
                .map(|(term, idf)| {
                    let best = there.iter().map(|word| likeness(&words, term, word).powf(2.5));
                    idf * best.fold(0.0, f32::max)
                })
                .sum()
        };
        parts.iter().map(worth).fold(0.0, f32::max)
    };
    // A passage without any word of the question is not found for the sake of its section.
    (0..own.len())
        .map(|at| {
            let holds = words.iter().any(|word| {
                own[at].contains_key(word) && asked.iter().any(|term| likeness(&words, term, word) > 0.0)
            });
            if holds {
                (scores[at] + 0.1 * told(at)) / ideal / 1.1
            } else {
                0.0
            }
        })
        .collect()
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

#[test]
fn a_place_named_by_its_number_comes_first() {
    let article = |document: &str, heading: &str, text: &str| Passage {
        headings: vec![heading.into()],
        ..passage(document, 0, 0, text)
    };
    let index = Index::build([
        article(
            "a.txt",
            "Статья 115. Продолжительность отпуска",
            "Двадцать восемь дней.",
        ),
        article(
            "b.txt",
            "Статья 116. Дополнительный отпуск",
            "Отпуск сверх указанного в статье 115.",
        ),
        article(
            "c.txt",
            "Статья 229.2. Порядок расследования",
            "Сроки расследования.",
        ),
        article("d.txt", "Статья 229. Комиссия", "Статья о комиссии."),
        article("e.txt", "7-бап. Демалыс", "Еңбек демалысы."),
        article("f.txt", "Сроки", "3.2. Срок ответа пять дней."),
        article("g.txt", "Формы", "Справка по форме 2-НДФЛ выдаётся бухгалтерией."),
    ])
    .unwrap();
    for (question, document) in [
        ("что сказано в статье 115", "a.txt"),
        ("ст. 229.2", "c.txt"),
        ("ст 229 ТК", "d.txt"),
        ("115 статья про отпуск", "a.txt"),
        ("7-бапта не айтылған", "e.txt"),
        ("7 бап", "e.txt"),
        ("пункт 3.2", "f.txt"),
        ("где взять форму 2-НДФЛ", "g.txt"),
    ] {
        assert_eq!(names(&index, question)[0], document, "{question}");
    }
}

#[test]
fn a_section_headed_with_the_question_comes_first_and_its_title_counts() {
    let section = |title: &str, place: u32, heading: &str, text: &str| Passage {
        title: title.into(),
        headings: vec![heading.into()],
        ..passage("leave.txt", place, place, text)
    };
    let index = Index::build([
        section(
            "Отпуска",
            0,
            "Болезнь во время отпуска",
            "Отпуск продлевается, если оформить больничный и сообщить об отпуске.",
        ),
        section("Отпуска", 1, "Как оформить", "Заявление подают за две недели."),
        section("Отпуска", 2, "Как оплачивается", "Деньги перечисляют за три дня."),
    ])
    .unwrap();
    for (question, text) in [
        ("Как оформить отпуск?", "Заявление подают за две недели."),
        ("Как оплачивается отпуск?", "Деньги перечисляют за три дня."),
        (
            "Болезнь во время отпуска",
            "Отпуск продлевается, если оформить больничный и сообщить об отпуске.",
        ),
    ] {
        let question = Question {
            text: question.to_owned(),
        };
        let found = index.retrieve(&question, NonZeroUsize::new(3).unwrap()).unwrap();
        assert_eq!(found.hits[0].passage.lines[0].text, text, "{}", question.text);
    }
}

#[test]
fn a_question_is_read_another_way_only_when_its_words_are_not_known() {
    let (_, passages) = document(
        "a.txt",
        &[
            "Отпуск длится двадцать восемь дней.",
            "Премия раз в год.",
            "Размер одежды.",
        ],
    );
    let index = Index::build(passages).unwrap();
    let reading = |text: &str| {
        let question = Question {
            text: text.to_owned(),
        };
        let found = index.retrieve(&question, NonZeroUsize::new(3).unwrap()).unwrap();
        (found.reading.map(|reading| reading.text), found.hits.len())
    };
    assert_eq!(reading("сколько длится отпуск"), (None, 1));
    assert_eq!(reading("jngecr"), (Some("отпуск".to_owned()), 1));
    assert_eq!(reading("рецепт борща"), (None, 0));
    // A word that takes apart into small words and a known one may be a word of its own.
    assert_eq!(reading("когда поотпуск"), (Some("когда по отпуск".to_owned()), 1));
    assert_eq!(reading("поразмер премия раз в год"), (None, 2));
    // A number parted by spaces is a word over two others.
    let spaced = "115 115 сколько длится отпск";
    assert_eq!(reading(spaced), (Some(spaced.replace("отпск", "отпуск")), 1));
}

#[test]
fn a_phrase_in_quotation_marks_is_sought_as_it_stands() {
    let texts = [
        "Дом для ветеранов. Белый журавль над домом, белый дом и журавль.",
        "Клуб «Белый журавль» открыт, дом рядом и белый.",
    ];
    let (_, passages) = document("a.txt", &texts);
    let index = Index::build(passages).unwrap();
    let first = |question: &str| found(&index, question)[0].1.clone();
    assert_eq!(first("белый журавль дом"), texts[0]);
    assert_eq!(first("дом «клуб белый журавль»"), texts[1]);
    assert_eq!(first("белый дом и журавль"), texts[0]);
    assert_eq!(first("дом \"журавль открыт\""), texts[1]);
}

#[test]
fn the_sentence_that_asks_weighs_more_than_the_tale() {
    let (_, passages) = document("a.txt", &["Ремонт крыши дома соседями.", "Пеня за просрочку."]);
    let index = Index::build(passages).unwrap();
    let tale = "Живу на пятом этаже, крыша дома течёт третий год, соседи делают ремонт крыши, пишу жалобы управляющей \
                компании, деньги плачу исправно.";
    let first = |question: &str| found(&index, question)[0].1.clone();
    assert!(first(tale).starts_with("Ремонт"));
    assert!(first(&format!("{tale} Какая пеня за просрочку?")).starts_with("Пеня"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn scores_are_what_their_definition_says(texts in prop::collection::vec(text(), 1..10), question in text()) {
        // A number would name a place, which has a test of its own.
        let question = question.replace("115", "дней");
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut passages = document("a.txt", &texts).1;
        passages.extend(document("b.txt", &texts[..texts.len() / 2]).1);
        let expected = defined(&passages, &question);
        let index = Index::build(passages.clone()).unwrap();
        let ten = NonZeroUsize::new(10).unwrap();
        let asked = Question { text: question.clone() };
        // Scores of another reading are those of another question.
        prop_assume!(index.retrieve(&asked, ten).unwrap().reading.is_none());
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

#[test]
fn a_search_that_nobody_waits_for_ends_and_spoils_no_other() {
    let (_, passages) = document("a.txt", &["срок отпуска 28 дней", "адрес офиса"]);
    let index = Index::build(passages).unwrap();
    let question = Question {
        text: "какой срок отпуска".to_owned(),
    };
    let ten = NonZeroUsize::new(10).unwrap();
    let before = index.retrieve(&question, ten).unwrap();
    let interest = Interest::default();
    interest.lose();
    assert!(
        index
            .retrieve_with(&Told::default(), &interest, &question, ten)
            .is_err()
    );
    assert_eq!(index.retrieve(&question, ten).unwrap().hits, before.hits);
}
