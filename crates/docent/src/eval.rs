//! `docent eval`: measures finding and answering on a set of questions with known documents.
//!
//! Owns the layout of such a set (`docs.jsonl.gz` with `id`, `title` and `text` in each line, `queries.jsonl` with `id` and
//! `text`) and the two files that scorers read: a TREC run and a log of answers. Every line of the documents goes through
//! the pipeline of a file: read, cut into passages, indexed, found, answered. Invariant: a document's identifier and its
//! file name are no words by which it can be found.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use docent_corpus::{Assistant, AssistantId, Hit, Outcome, Passage, Question, Retriever};
use docent_index::{Fusion, Index};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use crate::embeddings::Local;
use crate::failure::Failure;
use crate::library::counted;

/// Documents told for each question: as deep as recall is measured.
const DEPTH: usize = 100;

/// Passages asked for: a document of several passages takes several of them.
const PASSAGES: NonZeroUsize = NonZeroUsize::new(2 * DEPTH).expect("200 is not 0");

/// What to measure and where to put it.
pub(crate) struct Order<'a> {
    /// Folder of the set.
    pub(crate) set: &'a Path,
    /// Documents, when they are not those of the set.
    pub(crate) docs: Option<&'a Path>,
    /// Identifiers of documents to leave out, when the set does not say.
    pub(crate) without: Option<&'a Path>,
    /// Questions, when they are not those of the set.
    pub(crate) queries: Option<&'a Path>,
    /// Word vectors to be used.
    pub(crate) words: Option<&'a Path>,
    /// Directory of a model to be used, and how.
    pub(crate) embeddings: Option<&'a Path>,
    pub(crate) fusion: Fusion,
    /// The TREC run to be written.
    pub(crate) run: Option<&'a Path>,
    /// The log of answers to be written.
    pub(crate) answers: Option<&'a Path>,
}

#[derive(Deserialize)]
struct DocumentLine {
    id: String,
    #[serde(default)]
    title: String,
    text: String,
}

#[derive(Deserialize)]
struct QueryLine {
    id: String,
    #[serde(alias = "question")]
    text: String,
    /// What was done to the question, where variants of it are measured.
    #[serde(default)]
    transform: Option<String>,
}

/// What was measured besides what went into the files.
pub(crate) struct Measured {
    documents: usize,
    passages: usize,
    /// Analysed text in bytes, and how long analysing and indexing it took on one thread.
    indexed: (usize, Duration),
    /// How long each question took, from question to answer.
    times: Vec<Duration>,
}

impl Measured {
    /// Returns the figures for a person, a line each.
    pub(crate) fn text(&mut self) -> String {
        self.times.sort_unstable();
        let (bytes, spent) = self.indexed;
        format!(
            "{}, {}, indexed at {:.1} MB/s\n{}, question to answer: p50 {:.2} ms, p99 {:.2} ms\n",
            counted(self.documents as u64, "document"),
            counted(self.passages as u64, "passage"),
            bytes as f64 / 1e6 / spent.as_secs_f64().max(1e-9),
            counted(self.times.len() as u64, "question"),
            self.percentile(0.50),
            self.percentile(0.99),
        )
    }

    /// Milliseconds within which this share of the questions was answered.
    fn percentile(&self, share: f64) -> f64 {
        let at = (self.times.len() as f64 * share) as usize;
        let time = self.times.get(at.min(self.times.len().saturating_sub(1)));
        time.map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }
}

/// Indexes the documents, asks every question, writes what was found and answered.
pub(crate) fn measure(order: &Order<'_>) -> Result<Measured, Failure> {
    let without = order
        .without
        .map(Path::to_owned)
        .or_else(|| Some(order.set.join("removed_docs.txt")).filter(|path| path.is_file()));
    let removed: HashSet<String> = match without {
        Some(path) => lines(&path)?.map(|line| line.trim().to_owned()).collect(),
        None => HashSet::new(),
    };
    let docs = order.docs.map_or_else(|| docs_of(order.set), Path::to_owned);
    let (mut documents, mut passages) = (0, Vec::new());
    for line in lines(&docs)? {
        let document: DocumentLine = parse(&docs, &line)?;
        if !removed.contains(&document.id) {
            documents += 1;
            passages.extend(read(&document, &docs)?);
        }
    }
    let bytes = passages.iter().map(|passage| passage.range.len()).sum();
    let count = passages.len();
    let begun = Instant::now();
    let index = Index::build(passages).map_err(Failure::Answer)?;
    let indexed = (bytes, begun.elapsed());
    let index = match order.words {
        Some(words) => index.with_words(words).map_err(Failure::Answer)?,
        None => index,
    };
    let index = match order.embeddings {
        Some(model) => {
            let model = Local::open(model, &docent_encoder::Settings::default())?;
            index
                .with_embedder(Arc::new(model), order.fusion)
                .map_err(Failure::Answer)?
        }
        None => index,
    };
    let queries = order
        .queries
        .map_or_else(|| order.set.join("queries.jsonl"), Path::to_owned);
    // A variant of the questions is a measurement of its own.
    let mut variants: BTreeMap<Option<String>, Vec<QueryLine>> = BTreeMap::new();
    for line in lines(&queries)? {
        let mut query: QueryLine = parse(&queries, &line)?;
        variants.entry(query.transform.take()).or_default().push(query);
    }
    let mut times = Vec::new();
    for (variant, queries) in variants {
        let path = |path: Option<&Path>| path.map(|path| named(path, variant.as_deref()));
        if let Some(path) = path(order.run) {
            std::fs::write(&path, run(&index, &queries)?).map_err(at(&path))?;
        }
        let log = path(order.answers);
        let mut log = log
            .map(|path| Ok::<_, Failure>((create(&path)?, path)))
            .transpose()?;
        for query in &queries {
            let line = ask(&index, query, &mut times)?;
            if let Some((out, path)) = &mut log {
                writeln!(out, "{line}").map_err(at(path))?;
            }
        }
        if let Some((mut out, path)) = log {
            out.flush().map_err(at(&path))?;
        }
    }
    Ok(Measured {
        documents,
        passages: count,
        indexed,
        times,
    })
}

/// The documents of a set with holes are those of the set it was made from.
fn docs_of(set: &Path) -> PathBuf {
    let own = set.join("docs.jsonl.gz");
    let whole = set
        .to_str()
        .and_then(|name| name.trim_end_matches('/').strip_suffix("-holes"));
    match whole {
        Some(whole) if !own.is_file() => Path::new(whole).join("docs.jsonl.gz"),
        _ => own,
    }
}

/// Reads one document as if it were a file, and cuts it.
fn read(line: &DocumentLine, path: &Path) -> Result<Vec<Passage>, Failure> {
    let document = docent_ingest::read_document(&line.id, line.text.as_bytes());
    let document = match document {
        Ok(document) => document,
        // A document without text is one that nothing finds.
        Err(error) if error.code == docent_corpus::UnreadableCode::NoText => return Ok(Vec::new()),
        Err(refusal) => {
            return Err(Failure::Document {
                path: path.to_owned(),
                refusal,
            });
        }
    };
    let mut passages = docent_ingest::passages(&document);
    for passage in &mut passages {
        passage.title = line.title.as_str().into();
    }
    Ok(passages)
}

/// Returns a TREC run: each document by its best passage.
fn run(index: &Index, queries: &[QueryLine]) -> Result<String, Failure> {
    let mut out = String::new();
    for query in queries {
        let question = Question {
            text: query.text.clone(),
        };
        let found = index.retrieve(&question, PASSAGES).map_err(Failure::Answer)?;
        for (rank, hit) in (1..).zip(by_document(&found.hits)) {
            let document = &hit.passage.document;
            let _ = writeln!(out, "{} Q0 {document} {rank} {} docent", query.id, hit.score);
        }
    }
    Ok(out)
}

/// Returns the best hit of each document, best first.
fn by_document(hits: &[Hit]) -> Vec<&Hit> {
    let mut seen = HashSet::new();
    let firsts = hits.iter().filter(|hit| seen.insert(&*hit.passage.document));
    firsts.take(DEPTH).collect()
}

/// Asks one question; returns the line of the log.
fn ask(index: &Index, query: &QueryLine, times: &mut Vec<Duration>) -> Result<serde_json::Value, Failure> {
    let assistant = Assistant::new(AssistantId(1), "docent");
    let question = Question {
        text: query.text.clone(),
    };
    let begun = Instant::now();
    let answer = docent_answer::answer(&assistant, &question, index).map_err(Failure::Answer)?;
    times.push(begun.elapsed());
    let account = docent_answer::account(&assistant, &question, index).map_err(Failure::Answer)?;
    let outcome = match answer.outcome {
        Outcome::Answered => "answer",
        Outcome::Offered => "offer",
        Outcome::Fallback => "fallback",
        Outcome::Courtesy => "courtesy",
    };
    let passages: Vec<_> = by_document(&account.found.hits)
        .into_iter()
        .map(|hit| serde_json::json!({ "doc_id": &*hit.passage.document, "score": hit.score }))
        .collect();
    Ok(serde_json::json!({
        "query_id": query.id,
        "answered": answer.outcome == Outcome::Answered,
        "outcome": outcome,
        "answer": answer.text,
        "confidence": account.evidence.holds(),
        "candidate": account.candidate(&assistant).map(|answer| answer.text),
        "read_as": account.found.reading.as_ref().map(|reading| &reading.text),
        "evidence": crate::why::evidence(&account),
        "passages": passages,
    }))
}

/// `run.trec` of the variant `typo1` is `run.typo1.trec`.
fn named(path: &Path, variant: Option<&str>) -> PathBuf {
    let Some(variant) = variant else {
        return path.to_owned();
    };
    let extension = path.extension().map(|extension| extension.to_string_lossy());
    let end = extension.map_or_else(
        || variant.to_owned(),
        |extension| format!("{variant}.{extension}"),
    );
    path.with_extension(end)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let path = path.to_owned();
    move |source| Failure::File { path, source }
}

fn create(path: &Path) -> Result<BufWriter<File>, Failure> {
    File::create(path).map(BufWriter::new).map_err(at(path))
}

/// Returns the lines of a file that hold anything; one whose name ends in `.gz` is unpacked.
fn lines(path: &Path) -> Result<std::vec::IntoIter<String>, Failure> {
    let file = File::open(path).map_err(at(path))?;
    let reader: Box<dyn BufRead> = if path.extension().is_some_and(|extension| extension == "gz") {
        Box::new(BufReader::new(MultiGzDecoder::new(file)))
    } else {
        Box::new(BufReader::new(file))
    };
    let read: io::Result<Vec<String>> = reader.lines().collect();
    let mut found = read.map_err(at(path))?;
    found.retain(|line| !line.trim().is_empty());
    Ok(found.into_iter())
}

fn parse<'a, T: Deserialize<'a>>(path: &Path, line: &'a str) -> Result<T, Failure> {
    serde_json::from_str(line).map_err(|error| at(path)(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_gives_a_run_and_answers_for_every_variant_of_its_questions() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        put(
            "docs.jsonl",
            "{\"id\":\"a\",\"title\":\"Отпуск\",\"text\":\"Ежегодный отпуск длится двадцать восемь дней.\"}\n\
             {\"id\":\"b\",\"text\":\"Зарплата платится дважды в месяц.\"}\n\
             {\"id\":\"c\",\"text\":\"Отпуск переносится по заявлению.\"}\n",
        );
        put(
            "queries.jsonl",
            "{\"id\":\"q\",\"text\":\"Сколько длится отпуск?\"}\n\
             {\"id\":\"q\",\"text\":\"зарплата когда\",\"transform\":\"short\"}\n",
        );
        put("gone.txt", "c\n");
        let place = |name: &str| folder.path().join(name);
        let measured = measure(&Order {
            set: folder.path(),
            docs: Some(&place("docs.jsonl")),
            without: Some(&place("gone.txt")),
            queries: None,
            words: None,
            embeddings: None,
            fusion: Fusion::Sum,
            run: Some(&place("run.trec")),
            answers: Some(&place("answers.jsonl")),
        })
        .unwrap();
        assert_eq!((measured.documents, measured.times.len()), (2, 2));
        let text = |name: &str| std::fs::read_to_string(place(name)).unwrap();
        assert!(text("run.trec").starts_with("q Q0 a 1 "), "{}", text("run.trec"));
        assert!(!text("run.trec").contains(" c "));
        assert!(text("run.short.trec").starts_with("q Q0 b 1 "));
        let logged: serde_json::Value = serde_json::from_str(text("answers.jsonl").trim()).unwrap();
        assert_eq!(logged["passages"][0]["doc_id"], "a");
        assert!(logged["confidence"].as_f64().unwrap() > 0.0);
    }

    #[test]
    fn an_identifier_is_no_word_of_its_document() {
        let line = |id: &str, text: &str| DocumentLine {
            id: id.to_owned(),
            title: String::new(),
            text: text.to_owned(),
        };
        let mut passages = read(
            &line("устав-2000", "Собрание созывает председатель."),
            Path::new("x"),
        )
        .unwrap();
        passages.extend(read(&line("b", "Основано в 2000 году."), Path::new("x")).unwrap());
        let index = Index::build(passages).unwrap();
        let question = Question {
            text: "2000".to_owned(),
        };
        let found = index.retrieve(&question, PASSAGES).unwrap();
        assert_eq!(&*found.hits[0].passage.document, "b");
        assert_eq!(found.hits.len(), 1);
    }
}
