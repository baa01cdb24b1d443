//! `docent why`: how a verdict came about — what was found, what it holds of the question, and what was decided.
//!
//! Owns the account for people and its JSON. With a file of questions it gives one line of JSON for each, which is what the
//! weights of the gate are fitted on.

use std::fmt::Write as _;

use docent_answer::{Account, Thresholds, Verdict, thresholds};
use docent_corpus::{Answer, Assistant, Hit, Match, Repair};
use docent_gateway::Change;

use crate::answers;
use crate::writer::Made;

/// The name of a verdict.
fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Answer => "answer",
        Verdict::Offer => "offer",
        Verdict::Fallback => "fallback",
    }
}

fn place(hit: &Hit) -> String {
    let mut place = hit.passage.document.to_string();
    for heading in &hit.passage.headings {
        place.push_str(" › ");
        place.push_str(heading);
    }
    place
}

pub(crate) fn terms_of(account: &Account, hit: &Hit, wanted: fn(Match) -> bool) -> Vec<String> {
    let matched = account.found.terms.iter().zip(&hit.matches);
    matched
        .filter(|(_, place)| wanted(**place))
        .map(|(term, _)| term.word.clone())
        .collect()
}

/// Says that an answer is the operator's own.
pub(crate) fn curated(line: usize, answer: &Answer) -> String {
    format!(
        "answered by: {}, line {line}, whatever the documents say\n  {}\n\nwithout it\n",
        answers::FILE,
        answer.text.replace('\n', "\n  ")
    )
}

/// Returns the account for a person.
pub(crate) fn text(assistant: &Assistant, account: &Account) -> String {
    let mut out = String::new();
    let needed = thresholds(assistant.strictness);
    let _ = writeln!(
        out,
        "verdict: {}\n  the best passage answers: {:.0}% likely, an answer needs {:.0}%\n  the documents hold the answer: {:.0}% \
         likely, an offer of places needs {:.0}%",
        name(account.verdict),
        account.evidence.answers() * 100.0,
        needed.answer * 100.0,
        account.evidence.holds() * 100.0,
        needed.offer * 100.0
    );
    if let Some(reading) = &account.found.reading {
        let repairs: Vec<&str> = reading.repairs.iter().map(|repair| mended(*repair)).collect();
        let _ = writeln!(out, "read as: {} ({})", reading.text, repairs.join(", "));
    }
    if account.found.terms.is_empty() {
        out.push_str("the question holds no word that could be sought\n");
        return out;
    }
    out.push_str("\nterms                 rarity  passages\n");
    for term in &account.found.terms {
        let also: Vec<String> = term.also.iter().map(|wording| wording.join(" ")).collect();
        let also = if also.is_empty() {
            String::new()
        } else {
            format!("  also: {}", also.join(", "))
        };
        let _ = writeln!(
            out,
            "  {:<20} {:>5.1} {:>9}{also}",
            term.word, term.idf, term.passages
        );
    }
    out.push_str("\npassages              score  place\n");
    for (number, hit) in account.found.hits.iter().enumerate() {
        let _ = writeln!(out, "  {:>2}. {:>22.3}  {}", number + 1, hit.share, place(hit));
        let held = terms_of(account, hit, |place| place == Match::Text);
        let above = terms_of(account, hit, |place| place == Match::Heading);
        let missing = terms_of(account, hit, |place| place == Match::Missing);
        if let Some(taught) = &hit.taught {
            let _ = writeln!(
                out,
                "      taught: a question {:.0}% like this one",
                taught.likeness * 100.0
            );
        }
        for (label, words) in [("has", held), ("in its headings", above), ("lacks", missing)] {
            if !words.is_empty() {
                let _ = writeln!(out, "      {label}: {}", words.join(", "));
            }
        }
    }
    if !account.found.hits.is_empty() {
        out.push_str("\nevidence              value    adds\n");
        for part in account.evidence.parts() {
            let _ = writeln!(out, "  {:<18} {:>7.2} {:>+7.2}", part.name, part.value, part.adds);
        }
        if let Some(answer) = account.candidate(assistant) {
            let _ = writeln!(
                out,
                "\nwhat an answer quotes\n  {}",
                answer.text.replace('\n', "\n  ")
            );
        }
        out.push_str(&what_if(account, needed));
    }
    out
}

/// Returns what would have changed the verdict.
pub(crate) fn change(account: &Account, needed: Thresholds) -> Change {
    let Some(best) = account.found.hits.first() else {
        return Change::Nothing;
    };
    if account.verdict == Verdict::Answer {
        return Change::Strictness(account.evidence.answers());
    }
    if account.idle {
        return Change::Idle;
    }
    // What the best passage would have to have more of, or less.
    let mut lost = account.evidence.shortfalls();
    lost.retain(|(_, lost)| *lost > 0.3);
    lost.sort_by(|one, other| other.1.total_cmp(&one.1));
    lost.truncate(3);
    Change::Withheld {
        strictness: (account.evidence.answers(), needed.answer),
        missing: terms_of(account, best, |place| place == Match::Missing),
        lost,
    }
}

/// Says what would have changed the verdict.
fn what_if(account: &Account, needed: Thresholds) -> String {
    match change(account, needed) {
        Change::Nothing => String::new(),
        Change::Strictness(at) => format!("\nA strictness above {at:.2} would have withheld the answer.\n"),
        Change::Idle => {
            "\nThe message asks nothing of these documents (small talk, an insult, an order to forget them, a request to entertain, \
             or no word in common); no strictness changes that.\n"
                .to_owned()
        }
        Change::Withheld {
            strictness: (at, set),
            missing,
            lost,
        } => {
            let mut out = format!(
                "\nA strictness of {at:.2} instead of {set:.2} would have let the best passage through."
            );
            if !missing.is_empty() {
                let _ = write!(
                    out,
                    " It lacks these words of the question: {}.",
                    missing.join(", ")
                );
            }
            if !lost.is_empty() {
                let named: Vec<String> = lost
                    .iter()
                    .map(|(name, lost)| format!("{name} ({lost:+.1})"))
                    .collect();
                let _ = write!(out, " Most is lost by: {}.", named.join(", "));
            }
            out.push('\n');
            out
        }
    }
}

/// Returns what each piece of evidence amounts to, by its name.
pub(crate) fn evidence(account: &Account) -> serde_json::Map<String, serde_json::Value> {
    let parts = account.evidence.parts();
    parts
        .iter()
        .map(|part| (part.name.to_owned(), part.value.into()))
        .collect()
}

/// Says what models made of a question.
pub(crate) fn models(made: &Made) -> String {
    let mut out = "\nmodels\n".to_owned();
    let trace = &made.trace;
    match &trace.compared {
        None => {}
        Some(Ok(())) => out.push_str("  compared: the passages stand in the order of the model\n"),
        Some(Err(error)) => {
            let _ = writeln!(out, "  compared: not ({error}); the order stands");
        }
    }
    match &trace.other_words {
        None => {}
        Some(Ok(forms)) if forms.is_empty() => out.push_str("  other words: none that could be sought\n"),
        Some(Ok(forms)) => {
            let _ = writeln!(out, "  other words: {}", forms.join(" / "));
        }
        Some(Err(error)) => {
            let _ = writeln!(out, "  other words: not asked to the end ({error})");
        }
    }
    match &trace.written {
        None => out.push_str("  written: not asked\n"),
        Some(writing) => {
            let _ = writeln!(out, "  written: {writing}");
        }
    }
    let _ = writeln!(
        out,
        "\nwhat goes out\n  {}",
        made.answer.text.replace('\n', "\n  ")
    );
    out
}

/// The name of what was done to a question.
fn mended(repair: Repair) -> &'static str {
    match repair {
        Repair::Layout => "layout",
        Repair::Transliteration => "transliteration",
        Repair::Spacing => "spacing",
        Repair::Spelling => "spelling",
    }
}

/// Returns the account as JSON.
pub(crate) fn json(
    assistant: &Assistant,
    question: &str,
    account: &Account,
    curated: Option<&(usize, Answer)>,
) -> serde_json::Value {
    let read = account.found.reading.as_ref().map(|reading| {
        let repairs: Vec<&str> = reading.repairs.iter().map(|repair| mended(*repair)).collect();
        serde_json::json!({ "text": reading.text, "repairs": repairs })
    });
    serde_json::json!({
        "question": question,
        "read_as": read,
        "curated": curated.map(|(line, answer)| serde_json::json!({ "line": line, "text": answer.text })),
        "verdict": name(account.verdict),
        "answers": account.evidence.answers(),
        "holds": account.evidence.holds(),
        "candidate": account.candidate(assistant).map(|answer| answer.text),
        "evidence": evidence(account),
        "terms": account.found.terms.iter().map(|term| serde_json::json!({
            "word": term.word, "stem": term.stem, "idf": term.idf, "passages": term.passages,
        })).collect::<Vec<_>>(),
        "hits": account.found.hits.iter().map(|hit| serde_json::json!({
            "document": &*hit.passage.document,
            "headings": hit.passage.headings.iter().map(|heading| &**heading).collect::<Vec<_>>(),
            "score": hit.score,
            "missing": terms_of(account, hit, |place| place == Match::Missing),
        })).collect::<Vec<_>>(),
    })
}
