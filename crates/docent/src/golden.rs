//! Questions whose right end is known: what an answer must contain, what it must cite, or that there must be none.
//!
//! Owns reading them from JSON Lines and judging an answer by them. `check` and `calibrate` count what comes of it.

use std::path::Path;

use docent_corpus::{Answer, Outcome};
use serde_json::Value;

use crate::failure::Failure;

/// The file in an assistant's folder that holds its questions.
pub(crate) const FILE: &str = "questions.jsonl";

/// One question with what must come of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Golden {
    /// How it is named in tables: its `id`, or the line it stands in.
    pub(crate) name: String,
    /// Whom it is for; those of an assistant's own file need not say.
    pub(crate) assistant: Option<i64>,
    pub(crate) question: String,
    /// Each must stand in the answer: any one of its wordings.
    pub(crate) must_contain: Vec<Vec<String>>,
    /// Documents or sections of which one must be cited.
    pub(crate) must_cite: Vec<String>,
    /// The document that answers, by which an offer is judged.
    source: Option<String>,
    /// The documents do not answer it.
    pub(crate) must_fall_back: bool,
    /// It is known to the assistant: questions like it are answered from the place that it names. What it says of an
    /// assistant's errors is nothing.
    pub(crate) teaches: bool,
}

/// How a question ended, measured by what must come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Answered or refused as it must be.
    Right,
    /// Answered without the words or the source that it must have, or though there is no answer.
    Wrong,
    /// No exact answer, but the right place was named; or places were named where there is no answer.
    Offered,
    /// Only other places were named.
    Strayed,
    /// Refused, though the documents answer.
    Refused,
}

impl End {
    pub(crate) const ALL: [Self; 5] = [
        Self::Right,
        Self::Wrong,
        Self::Offered,
        Self::Strayed,
        Self::Refused,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Offered => "offered",
            Self::Strayed => "strayed",
            Self::Refused => "refused",
        }
    }
}

/// Reads the questions of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<Golden>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|source| Failure::File {
        path: path.to_owned(),
        source,
    })?;
    parse(&text).map_err(|faults| Failure::Questions {
        path: path.to_owned(),
        faults,
    })
}

/// Reads questions, one in each line; every fault is told with its line.
pub(crate) fn parse(text: &str) -> Result<Vec<Golden>, Vec<String>> {
    let (mut questions, mut faults) = (Vec::new(), Vec::new());
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        match one(number + 1, line) {
            Ok(question) => questions.push(question),
            Err(fault) => faults.push(format!("line {}: {fault}", number + 1)),
        }
    }
    if faults.is_empty() {
        Ok(questions)
    } else {
        Err(faults)
    }
}

fn one(number: usize, line: &str) -> Result<Golden, String> {
    let json: Value = serde_json::from_str(line).map_err(|error| format!("not JSON: {error}"))?;
    let question = json["question"].as_str().unwrap_or_default().trim().to_owned();
    if question.is_empty() {
        return Err("`question` is missing".to_owned());
    }
    let strings = |value: &Value| -> Option<Vec<String>> {
        match value {
            Value::String(one) => Some(vec![one.clone()]),
            Value::Array(all) => all.iter().map(|one| one.as_str().map(str::to_owned)).collect(),
            _ => None,
        }
    };
    let must_contain = match &json["must_contain"] {
        Value::Null => Vec::new(),
        Value::Array(all) => all
            .iter()
            .map(strings)
            .collect::<Option<_>>()
            .ok_or("`must_contain` must hold texts, or lists of texts of which one is enough")?,
        one => vec![strings(one).ok_or("`must_contain` must be a text or a list")?],
    };
    let must_cite = match &json["must_cite"] {
        Value::Null => Vec::new(),
        some => strings(some).ok_or("`must_cite` must be a text or a list of texts")?,
    };
    let must_fall_back = json["must_fall_back"].as_bool().unwrap_or(false);
    let wants = !must_contain.is_empty() || !must_cite.is_empty();
    if wants == must_fall_back {
        return Err(
            "needs either `must_contain` or `must_cite`, or `must_fall_back`: true, and not both".to_owned(),
        );
    }
    let teaches = match &json["teach"] {
        Value::Null => false,
        Value::Bool(teaches) => *teaches,
        _ => return Err("`teach` must be true or false".to_owned()),
    };
    if teaches && must_fall_back {
        return Err("a question that must fall back names no passage and cannot `teach`".to_owned());
    }
    let name = match &json["id"] {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => format!("line {number}"),
    };
    Ok(Golden {
        name,
        assistant: json["assistant"].as_i64(),
        question,
        must_contain,
        must_cite,
        source: json["source"].as_str().map(str::to_owned),
        must_fall_back,
        teaches,
    })
}

/// Case, ё, white space and the kinds of dashes and quotes do not matter.
fn plain(text: &str) -> String {
    let lower = text.to_lowercase().replace('ё', "е");
    let words = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    words
        .chars()
        .map(|letter| match letter {
            '‐'..='―' | '−' => '-',
            '«' | '»' | '“' | '”' | '„' => '"',
            other => other,
        })
        .collect()
}

impl Golden {
    /// Judges an answer.
    pub(crate) fn end(&self, answer: &Answer) -> End {
        let cites = |wanted: &str| {
            answer.sources.iter().any(|source| {
                &*source.document == wanted
                    || source
                        .section
                        .as_deref()
                        .is_some_and(|section| plain(section) == plain(wanted))
            })
        };
        match (answer.outcome, self.must_fall_back) {
            (Outcome::Fallback, true) => End::Right,
            (Outcome::Offered, true) => End::Offered,
            (Outcome::Answered | Outcome::Courtesy, true) | (Outcome::Courtesy, false) => End::Wrong,
            (Outcome::Fallback, false) => End::Refused,
            (Outcome::Offered, false) => {
                let mut places = self.must_cite.iter().chain(&self.source).peekable();
                if places.peek().is_none() || places.any(|place| cites(place)) {
                    End::Offered
                } else {
                    End::Strayed
                }
            }
            (Outcome::Answered, false) => {
                let text = plain(&answer.text);
                let contains = |wordings: &Vec<String>| wordings.iter().any(|one| text.contains(&plain(one)));
                let cited = self.must_cite.is_empty() || self.must_cite.iter().any(|one| cites(one));
                if cited && self.must_contain.iter().all(contains) {
                    End::Right
                } else {
                    End::Wrong
                }
            }
        }
    }

    /// Tells whether an end is one that a check lets pass: an offer where there is no answer says that there is none.
    pub(crate) fn passes(&self, end: End) -> bool {
        end == End::Right || (self.must_fall_back && end == End::Offered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docent_corpus::{Source, Version};

    fn answer(outcome: Outcome, text: &str, document: &str) -> Answer {
        Answer {
            text: text.to_owned(),
            outcome,
            sources: vec![Source {
                number: 1,
                document: document.into(),
                title: document.into(),
                version: Version([0; 16]),
                date: None,
                section: Some("Статья 5".to_owned()),
                page: None,
                quotes: Vec::new(),
            }],
        }
    }

    fn golden(line: &str) -> Golden {
        one(1, line).unwrap()
    }

    #[test]
    fn an_answer_is_judged_by_its_words_and_by_what_it_cites() {
        let must =
            golden(r#"{"question":"q","must_contain":["15 дней",["по почте","почтой"]],"must_cite":"a.md"}"#);
        let end = |text, document| must.end(&answer(Outcome::Answered, text, document));
        assert_eq!(end("Ответ дают за 15 ДНЕЙ, почтой.", "a.md"), End::Right);
        assert_eq!(end("Ответ дают за 15 дней.", "a.md"), End::Wrong);
        assert_eq!(end("Ответ дают за 15 дней, почтой.", "b.md"), End::Wrong);
        assert_eq!(must.end(&answer(Outcome::Offered, "", "a.md")), End::Offered);
        assert_eq!(must.end(&answer(Outcome::Offered, "", "b.md")), End::Strayed);
        assert_eq!(must.end(&answer(Outcome::Fallback, "", "b.md")), End::Refused);
        let section = golden(r#"{"question":"q","must_cite":["статья 5"]}"#);
        assert_eq!(section.end(&answer(Outcome::Answered, "", "b.md")), End::Right);
    }

    #[test]
    fn a_question_without_an_answer_must_not_get_one() {
        let none = golden(r#"{"question":"q","must_fall_back":true}"#);
        for (outcome, passes) in [
            (Outcome::Fallback, true),
            (Outcome::Offered, true),
            (Outcome::Answered, false),
        ] {
            let end = none.end(&answer(outcome, "", "a.md"));
            assert_eq!(none.passes(end), passes, "{outcome:?}");
        }
    }

    #[test]
    fn every_fault_of_a_file_is_told_with_its_line() {
        let faults = parse(
            "{\"question\":\"q\",\"must_fall_back\":true}\n\nno\n{\"question\":\"q\"}\n{\"must_cite\":\"a\"}",
        )
        .unwrap_err();
        assert_eq!(faults.len(), 3);
        assert!(faults[0].starts_with("line 3: not JSON"), "{faults:?}");
        assert!(faults[1].starts_with("line 4: needs either"), "{faults:?}");
        assert_eq!(faults[2], "line 5: `question` is missing");
        let taught = parse(r#"{"question":"q","must_fall_back":true,"teach":true}"#).unwrap_err();
        assert!(taught[0].contains("cannot `teach`"), "{taught:?}");
    }
}
