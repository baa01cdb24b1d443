//! The yardstick of `docent eval`: the same set through plain tantivy — one field, Snowball stems without stop words, its own
//! BM25 — as a TREC run, with how long a question takes.
//!
//! Called with `SET RUN`: a folder with `docs.jsonl.gz` and `queries.jsonl`, and the run to be written. EVALUATION.md says how.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a tool for developers: it ends at the first thing it does not understand"
)]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Instant;

use docent_language::{detect, tokens};
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{
    IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value as _,
};
use tantivy::{TantivyDocument, Term};

/// Documents told for each question, as `docent eval` tells them.
const DEPTH: usize = 100;

fn stems(text: &str) -> Vec<String> {
    let found = tokens(text, detect(text)).into_iter();
    found
        .filter(|token| !token.stop && !token.question)
        .map(|token| token.stem)
        .collect()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [set, run] = arguments.as_slice() else {
        panic!("usage: plain SET RUN");
    };
    let words = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer("whitespace")
            .set_index_option(IndexRecordOption::WithFreqs),
    );
    let mut schema = Schema::builder();
    let name = schema.add_text_field("name", STRING | STORED);
    let words = schema.add_text_field("words", words);
    let index = tantivy::Index::create_in_ram(schema.build());
    let mut writer = index.writer_with_num_threads(1, 64 << 20).unwrap();
    let docs = std::fs::File::open(Path::new(set).join("docs.jsonl.gz")).unwrap();
    for line in BufReader::new(MultiGzDecoder::new(docs)).lines() {
        let read: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let text = format!(
            "{} {}",
            read["title"].as_str().unwrap_or_default(),
            read["text"].as_str().unwrap()
        );
        let mut document = TantivyDocument::default();
        document.add_text(name, read["id"].as_str().unwrap());
        document.add_text(words, stems(&text).join(" "));
        writer.add_document(document).unwrap();
    }
    writer.commit().unwrap();
    let searcher = index.reader().unwrap().searcher();
    let (mut out, mut times) = (String::new(), Vec::new());
    let queries = std::fs::read_to_string(Path::new(set).join("queries.jsonl")).unwrap();
    for line in queries.lines() {
        let read: Value = serde_json::from_str(line).unwrap();
        let begun = Instant::now();
        let terms = stems(read["text"].as_str().unwrap()).into_iter().map(|stem| {
            let term = TermQuery::new(Term::from_field_text(words, &stem), IndexRecordOption::WithFreqs);
            (Occur::Should, Box::new(term) as Box<dyn Query>)
        });
        let query = BooleanQuery::new(terms.collect());
        let best = TopDocs::with_limit(DEPTH).order_by_score();
        let found: Vec<(f32, tantivy::DocAddress)> = searcher.search(&query, &best).unwrap();
        times.push(begun.elapsed());
        for (rank, (score, place)) in (1..).zip(found) {
            let document: TantivyDocument = searcher.doc(place).unwrap();
            let id = document.get_first(name).unwrap().as_str().unwrap().to_owned();
            writeln!(
                out,
                "{} Q0 {id} {rank} {score} plain",
                read["id"].as_str().unwrap()
            )
            .unwrap();
        }
    }
    std::fs::write(run, out).unwrap();
    times.sort();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    println!(
        "{} questions, p50 {:.2} ms, p99 {:.2} ms",
        times.len(),
        at(50),
        at(99)
    );
}
