//! How fast text is analysed, indexed and searched: `cargo bench`.
//!
//! The corpus is made up from a fixed seed, with word frequencies as in a language (the n-th word stands 1/n as often as
//! the first), so runs can be compared. Machines cannot: read the ratio to plain tantivy (one field, BM25, best ten) of the
//! same run, not the times.

#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::num::NonZeroUsize;
use std::sync::LazyLock;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use docent_corpus::{BlockKind, ByteRange, Language, Line, Passage, Question, Retriever, Version};
use docent_index::{Entry, Index};
use docent_language::tokens;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{IndexRecordOption, Schema, TextFieldIndexing, TextOptions};

const PASSAGES: [u32; 2] = [1_000, 20_000];
const WORDS_IN_PASSAGE: usize = 90;
const QUESTIONS: usize = 64;

fn main() {
    divan::main();
}

/// A generator whose numbers are the same everywhere (splitmix64, Steele and others 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// Words made of common Russian syllables and endings, so that stemming has work to do.
static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    const SYLLABLES: [&str; 16] = [
        "до", "го", "вор", "ста", "тья", "за", "ра", "бот", "ник", "от", "пуск", "сро", "пла", "теж", "пра",
        "во",
    ];
    const ENDINGS: [&str; 8] = ["а", "ами", "ов", "ение", "ости", "ить", "ый", "ого"];
    let mut random = Random(1);
    (0..20_000)
        .map(|_| {
            let syllables = 1 + random.below(3);
            let mut word: String = (0..=syllables).map(|_| SYLLABLES[random.below(16)]).collect();
            word.push_str(ENDINGS[random.below(8)]);
            word
        })
        .collect()
});

/// The n-th word with a probability of about 1/n.
fn word(random: &mut Random) -> &'static str {
    let share = random.below(1 << 20) as f64 / f64::from(1 << 20);
    let rank = (WORDS.len() as f64).powf(share) as usize;
    &WORDS[rank.min(WORDS.len() - 1)]
}

fn text(random: &mut Random, words: usize) -> String {
    let words: Vec<&str> = (0..words).map(|_| word(random)).collect();
    words.join(" ")
}

fn passage(number: u32) -> Passage {
    let mut random = Random(u64::from(number) + 100);
    let text = text(&mut random, WORDS_IN_PASSAGE);
    Passage {
        document: format!("{}.txt", number / 50).into(),
        title: "Положение".into(),
        version: Version([0; 16]),
        date: None,
        section: number % 50 / 3,
        headings: vec![format!("Статья {}", number % 50 / 3).into()],
        lead: Vec::new(),
        range: ByteRange::new(0, text.len()),
        lines: vec![Line {
            kind: BlockKind::Paragraph,
            range: ByteRange::new(0, text.len()),
            page: None,
            text,
        }],
    }
}

fn questions() -> Vec<Question> {
    let mut random = Random(7);
    (0..QUESTIONS)
        .map(|_| Question {
            text: text(&mut random, 6),
        })
        .collect()
}

#[divan::bench]
fn analysis(bencher: Bencher<'_, '_>) {
    let text = text(&mut Random(3), 10_000);
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| tokens(black_box(&text), Language::Russian));
}

#[divan::bench(args = PASSAGES, sample_count = 3, sample_size = 1)]
fn indexing(bencher: Bencher<'_, '_>, passages: u32) {
    let parts: Vec<Passage> = (0..passages).map(passage).collect();
    let bytes: usize = parts.iter().map(|part| part.range.len()).sum();
    bencher
        .counter(BytesCount::new(bytes))
        .with_inputs(|| parts.clone())
        .bench_values(|parts| Index::build(parts).unwrap());
}

/// What a thread that reads documents does for the index.
#[divan::bench]
fn entry_of_a_passage(bencher: Bencher<'_, '_>) {
    let part = passage(1);
    bencher
        .counter(BytesCount::new(part.range.len()))
        .bench(|| Entry::of(black_box(&part)));
}

/// One sample asks 64 questions.
#[divan::bench(args = PASSAGES)]
fn retrieval_of_64_questions(bencher: Bencher<'_, '_>, passages: u32) {
    let index = Index::build((0..passages).map(passage)).unwrap();
    let (questions, ten) = (questions(), NonZeroUsize::new(10).unwrap());
    bencher.bench(|| {
        for question in &questions {
            black_box(index.retrieve(question, ten).unwrap());
        }
    });
}

/// The same questions by tantivy's own BM25 over the same stems: the floor to compare with.
#[divan::bench(args = PASSAGES)]
fn plain_tantivy_for_64_questions(bencher: Bencher<'_, '_>, passages: u32) {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("whitespace")
        .set_index_option(IndexRecordOption::WithFreqs);
    let stems = schema.add_text_field("stems", TextOptions::default().set_indexing_options(indexing));
    let index = tantivy::Index::create_in_ram(schema.build());
    let mut writer = index.writer_with_num_threads(1, 32 << 20).unwrap();
    let stemmed = |text: &str| -> Vec<String> {
        tokens(text, Language::Russian)
            .into_iter()
            .map(|token| token.stem)
            .collect()
    };
    for number in 0..passages {
        let words = stemmed(&passage(number).lines[0].text).join(" ");
        writer.add_document(tantivy::doc!(stems => words)).unwrap();
    }
    writer.commit().unwrap();
    let searcher = index.reader().unwrap().searcher();
    let queries: Vec<BooleanQuery> = questions()
        .iter()
        .map(|question| {
            let terms = stemmed(&question.text).into_iter().map(|stem| {
                let term = tantivy::Term::from_field_text(stems, &stem);
                let query: Box<dyn Query> = Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
                (Occur::Should, query)
            });
            BooleanQuery::new(terms.collect())
        })
        .collect();
    bencher.bench(|| {
        for query in &queries {
            black_box(
                searcher
                    .search(query, &TopDocs::with_limit(10).order_by_score())
                    .unwrap(),
            );
        }
    });
}
