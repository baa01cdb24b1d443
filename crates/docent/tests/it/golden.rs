//! Questions with what must be answered and what must fall back, and the proof that every word of an answer stands in the
//! document that it names.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use docent_corpus::{Answer, Assistant, AssistantId, Document, Outcome, Question};
use docent_index::Index;
use expect_test::expect_file;
use serde_json::Value;

/// One assistant with its documents in memory.
struct Home {
    assistant: Assistant,
    documents: HashMap<String, Document>,
    index: Index,
}

fn homes(library: &Path) -> Vec<Home> {
    let found = docent_ingest::scan(library, None).unwrap();
    let homes = found.assistants.into_iter().map(|home| {
        let read =
            |path: &PathBuf, name: &str| docent_ingest::read_document(name, &std::fs::read(path).unwrap());
        let documents: Vec<Document> = home
            .files
            .iter()
            .filter_map(|file| read(&file.path, &file.name).ok())
            .collect();
        Home {
            assistant: home.assistant,
            index: Index::build(documents.iter().flat_map(docent_ingest::passages)).unwrap(),
            documents: documents.into_iter().map(|one| (one.name.clone(), one)).collect(),
        }
    });
    homes.collect()
}

fn ask(home: &Home, question: &str) -> Answer {
    let question = Question {
        text: question.to_owned(),
    };
    docent_answer::answer(&home.assistant, &question, &home.index).unwrap()
}

/// How the line begins that says how a mended question was read.
const READ_AS: [&str; 3] = [
    "Вопрос прочитан так: «",
    "Сұрақ былай оқылды: «",
    "The question was read as “",
];

/// Panics unless every word of the answer but its marks and source lines stands in a cited document.
fn prove(home: &Home, question: &str, answer: &Answer) {
    match answer.outcome {
        Outcome::Fallback | Outcome::Courtesy => {
            assert!(answer.sources.is_empty());
            return;
        }
        Outcome::Offered => return prove_offer(home, question, answer),
        Outcome::Answered => {}
    }
    assert!(
        !answer.sources.is_empty(),
        "{question}: an answer without a source"
    );
    let (quoted, cited) = answer
        .text
        .rsplit_once("\n\n[1] ")
        .expect("sources stand at the end");
    assert_eq!(cited.lines().count(), answer.sources.len(), "{question}: {cited}");
    let mut rest = quoted;
    // The line that says how a mended question was read is the frame's.
    if let Some((frame, words)) = quoted.split_once("\n\n")
        && READ_AS.iter().any(|start| frame.starts_with(start))
    {
        rest = words;
    }
    for source in &answer.sources {
        let document = &home.documents[&*source.document];
        assert_eq!(source.version, document.version);
        for quote in &source.quotes {
            assert_eq!(quote.range.of(&document.text), Some(&*quote.text), "{question}");
            let at = rest
                .find(&quote.text)
                .unwrap_or_else(|| panic!("{question}: not said in order: {}", quote.text));
            let between = rest[..at].trim_matches(|letter: char| letter.is_whitespace() || letter == '…');
            assert_eq!(between, "", "{question}: words of nobody");
            rest = &rest[at + quote.text.len()..];
        }
    }
    assert_eq!(rest.trim(), "", "{question}: words of nobody");
}

/// Panics unless an offer is its first sentence and then, for each source, the line that names it and words that stand in it.
fn prove_offer(home: &Home, question: &str, answer: &Answer) {
    let parts: Vec<&str> = answer.text.split("\n\n[").collect();
    assert_eq!(
        parts.len(),
        answer.sources.len() + 1,
        "{question}: {}",
        answer.text
    );
    assert!((1..=3).contains(&answer.sources.len()), "{question}");
    for (part, source) in parts[1..].iter().zip(&answer.sources) {
        let document = &home.documents[&*source.document];
        assert_eq!(source.version, document.version);
        let (line, words) = part.split_once('\n').expect("words below the place");
        assert!(
            line.starts_with(&format!("{}] {}", source.number, source.title)),
            "{line}"
        );
        assert_eq!(words, source.quoted(), "{question}");
        for quote in &source.quotes {
            assert_eq!(quote.range.of(&document.text), Some(&*quote.text), "{question}");
        }
    }
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

fn questions() -> Vec<Value> {
    let text = std::fs::read_to_string(sample().join("questions.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn the_sample_questions_are_well_made() {
    const KEYS: [&str; 7] = [
        "id",
        "assistant",
        "kind",
        "question",
        "source",
        "must_contain",
        "must_fall_back",
    ];
    let homes = homes(&sample().join("library"));
    let mut seen = std::collections::HashSet::new();
    let (mut all, mut fall_back) = (0, 0);
    for line in questions() {
        let line = line.as_object().unwrap();
        let id = line["id"].as_str().unwrap();
        assert!(
            line.keys().all(|key| KEYS.contains(&key.as_str())),
            "{id}: unknown key"
        );
        assert!(
            seen.insert(id.to_owned()) && seen.insert(line["question"].to_string()),
            "{id}: twice"
        );
        let who = AssistantId(line["assistant"].as_i64().unwrap());
        let home = homes.iter().find(|home| home.assistant.id == who).expect(id);
        all += 1;
        if line.contains_key("must_fall_back") {
            assert!(
                !line.contains_key("source") && line["must_fall_back"] == true,
                "{id}"
            );
            fall_back += 1;
            continue;
        }
        let source = line["source"].as_str().unwrap();
        let document = home
            .documents
            .get(source)
            .unwrap_or_else(|| panic!("{id}: no document {source}"));
        let words = line["must_contain"].as_array().unwrap();
        assert!(!words.is_empty());
        for word in words {
            assert!(
                document.text.contains(word.as_str().unwrap()),
                "{id}: {word} does not stand in {source}"
            );
        }
    }
    assert!(
        all >= 60 && fall_back >= 20,
        "{all} questions, {fall_back} of them must fall back"
    );
}

/// How a question can end: answered or refused as it should be, answered wrongly, the right document offered, only others
/// offered, refused though the documents answer.
const ENDS: [&str; 5] = ["right", "wrong", "offered", "strayed", "fallback"];

/// The stored figures are a baseline: better and worse both want a commit (`UPDATE_EXPECT=1 cargo test`).
#[tokio::test]
async fn the_sample_questions_are_answered_as_well_as_before_and_every_answer_is_proven() {
    let homes = homes(&sample().join("library"));
    let server = crate::server();
    let mut counts: BTreeMap<String, [usize; 5]> = BTreeMap::new();
    let mut failed = String::new();
    for line in questions() {
        let (kind, question) = (line["kind"].as_str().unwrap(), line["question"].as_str().unwrap());
        let who = AssistantId(line["assistant"].as_i64().unwrap());
        let home = homes.iter().find(|home| home.assistant.id == who).unwrap();
        let answer = ask(home, question);
        prove(home, question, &answer);
        let select = format!(r#"{{"type":"select_assistant","assistant_id":{who}}}"#);
        let message = serde_json::json!({ "type": "question", "question": question }).to_string();
        let replies = crate::talk(&server, &[&select, &message]).await;
        let served: Value = serde_json::from_str(&replies[1]).unwrap();
        assert_eq!(
            served["message"], answer.text,
            "the server answers from the index on disk as from memory"
        );
        let contains = |word: &Value| answer.text.contains(word.as_str().unwrap());
        let end = match (answer.outcome, line["must_contain"].as_array()) {
            (Outcome::Fallback, None) => "right",
            (Outcome::Answered, Some(words)) if words.iter().all(contains) => "right",
            (Outcome::Answered | Outcome::Courtesy, _) => "wrong",
            (Outcome::Fallback, Some(_)) => "fallback",
            (Outcome::Offered, Some(_))
                if answer
                    .sources
                    .iter()
                    .any(|source| *source.document == line["source"]) =>
            {
                "offered"
            }
            (Outcome::Offered, _) => "strayed",
        };
        let count = counts.entry(kind.to_owned()).or_default();
        count[ENDS.iter().position(|one| *one == end).unwrap()] += 1;
        if end != "right" {
            writeln!(failed, "{} {end}", line["id"].as_str().unwrap()).unwrap();
        }
    }
    let mut table = format!("kind {}\n", ENDS.join(" "));
    for (kind, count) in counts {
        writeln!(table, "{kind} {}", count.map(|count| count.to_string()).join(" ")).unwrap();
    }
    expect_file!["golden.baseline"].assert_eq(&format!("{table}\n{failed}"));
}

#[test]
fn a_question_in_the_wrong_layout_is_answered_and_told_how_it_was_read() {
    let homes = homes(&sample().join("library"));
    let mut answered = 0;
    for line in questions() {
        let question = line["question"].as_str().unwrap();
        let who = AssistantId(line["assistant"].as_i64().unwrap());
        let home = homes.iter().find(|home| home.assistant.id == who).unwrap();
        let cyrillic = question
            .chars()
            .all(|letter| !letter.is_ascii_alphanumeric() && letter != 'ё');
        if !cyrillic || ask(home, question).outcome != Outcome::Answered {
            continue;
        }
        let typed = latin_keys(question);
        let answer = ask(home, &typed);
        prove(home, &typed, &answer);
        if answer.outcome == Outcome::Answered {
            assert!(
                READ_AS.iter().any(|start| answer.text.starts_with(start)),
                "{typed}: {}",
                answer.text
            );
            answered += 1;
        }
    }
    assert!(answered >= 10, "{answered} answered");
}

/// Returns what the same keys give in the Latin layout.
fn latin_keys(text: &str) -> String {
    const CYRILLIC: &str = "йцукенгшщзхъфывапролджэячсмитьбю";
    const LATIN: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,.";
    let key = |letter: char| {
        let at = CYRILLIC.chars().position(|one| one == letter);
        at.and_then(|at| LATIN.chars().nth(at)).unwrap_or(letter)
    };
    text.to_lowercase().chars().map(key).collect()
}

/// The same proof over a library that is not part of the project; CONTRIBUTING.md says how to call it.
#[test]
#[ignore = "takes DOCENT_EVAL_LIBRARY, a folder, and DOCENT_EVAL_QUESTIONS, a JSONL file with `question` in each line"]
fn every_answer_of_an_outside_set_is_proven() {
    #[expect(clippy::disallowed_methods, reason = "the paths of a set outside the project")]
    let path = |name| PathBuf::from(std::env::var(name).unwrap_or_else(|_| panic!("set {name}")));
    let homes = homes(&path("DOCENT_EVAL_LIBRARY"));
    let text = std::fs::read_to_string(path("DOCENT_EVAL_QUESTIONS")).unwrap();
    let (mut asked, mut answered) = (0, 0);
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let question = line["question"].as_str().expect("a key `question`");
        for home in &homes {
            let answer = ask(home, question);
            prove(home, question, &answer);
            asked += 1;
            answered += usize::from(answer.outcome == Outcome::Answered);
        }
    }
    assert!(
        answered > 0,
        "none of {asked} questions was answered, so nothing was proven"
    );
}
