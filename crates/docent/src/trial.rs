//! A question tried at the keeper's desk: the answer of the live settings with the account of it.
//!
//! Owns turning an [`Account`] and what models did into what the page shows. One snapshot gives both answer and account,
//! where no model has a part.

use std::sync::Arc;

use docent_answer::{Account, Verdict, thresholds};
use docent_corpus::{Assistant, AssistantId, Hit, Language, Match, RetrieveError};
use docent_gateway::{Candidate, Evidence, Standing, Step, Stretch, Trial, Trouble, Why};
use docent_language::{detect, sentences, tokens};

use crate::desk::Desk;
use crate::why;
use crate::writer::{Made, Trace, Writing};

/// Characters of the words by which a lesson names a passage: more than two lines are no easier to tell apart.
const TELLING_CHARS: usize = 200;

/// Asks and accounts for it.
pub(crate) async fn ask(desk: Arc<Desk>, assistant: AssistantId, question: String) -> Result<Trial, Trouble> {
    let made = match desk.begin(assistant, &question, None) {
        Some((_, made)) => Some(made.await.map_err(|error| Trouble::Library(Box::new(error)))?),
        None => None,
    };
    tokio::task::spawn_blocking(move || accounted(&desk, assistant, &question, made))
        .await
        .map_err(|error| Trouble::Library(Box::new(error)))?
}

fn accounted(
    desk: &Desk,
    assistant: AssistantId,
    question: &str,
    made: Option<Made>,
) -> Result<Trial, Trouble> {
    let failed = |error: RetrieveError| Trouble::Library(Box::new(error));
    let (who, account) = desk
        .account(assistant, question)
        .ok_or(Trouble::UnknownAssistant)?;
    if let Some((line, answer)) = desk.curated(assistant, question) {
        return Ok(Trial {
            answer,
            curated: Some(line),
            why: Some(reasons(&who, question, &account.map_err(failed)?)),
            models: Vec::new(),
        });
    }
    if let Some(answer) = docent_answer::courtesy(&who, question) {
        return Ok(Trial {
            answer,
            curated: None,
            why: None,
            models: Vec::new(),
        });
    }
    let account = account.map_err(failed)?;
    let why = Some(reasons(&who, question, &account));
    Ok(match made {
        Some(Made { answer, trace }) => Trial {
            answer,
            curated: None,
            why,
            models: steps(trace),
        },
        None => Trial {
            answer: account.answer(&who),
            curated: None,
            why,
            models: Vec::new(),
        },
    })
}

/// Tells what a question gets at present, as far as it goes without a model.
pub(crate) fn standing(desk: &Desk, assistant: AssistantId, question: &str) -> Result<Standing, Trouble> {
    if let Some((line, _)) = desk.curated(assistant, question) {
        return Ok(Standing::Own(line));
    }
    let (who, account) = desk
        .account(assistant, question)
        .ok_or(Trouble::UnknownAssistant)?;
    if docent_answer::courtesy(&who, question).is_some() {
        return Ok(Standing::Answered);
    }
    let account = account.map_err(|error| Trouble::Library(Box::new(error)))?;
    Ok(match account.verdict {
        Verdict::Answer => Standing::Answered,
        Verdict::Offer => Standing::Places,
        Verdict::Fallback => Standing::Nothing,
    })
}

fn reasons(assistant: &Assistant, question: &str, account: &Account) -> Why {
    let needed = thresholds(assistant.strictness);
    let evidence: &[_] = if account.found.hits.is_empty() {
        &[]
    } else {
        &account.evidence.parts()
    };
    Why {
        verdict: match account.verdict {
            Verdict::Answer => docent_gateway::Verdict::Answer,
            Verdict::Offer => docent_gateway::Verdict::Offer,
            Verdict::Fallback => docent_gateway::Verdict::Fallback,
        },
        answers: (account.evidence.answers(), needed.answer),
        holds: (account.evidence.holds(), needed.offer),
        reading: account.found.reading.clone(),
        terms: account.found.terms.clone(),
        candidates: account
            .found
            .hits
            .iter()
            .map(|hit| candidate(question, account, hit))
            .collect(),
        evidence: evidence
            .iter()
            .map(|part| Evidence {
                name: part.name,
                value: part.value,
                adds: part.adds,
            })
            .collect(),
        quoted: account.candidate(assistant).map(|answer| answer.text),
        change: why::change(account, needed),
    }
}

fn candidate(question: &str, account: &Account, hit: &Hit) -> Candidate {
    let passage = &hit.passage;
    let whole: Vec<&str> = passage.lines.iter().map(|line| line.text.as_str()).collect();
    let languages = [detect(&whole.join("\n")), detect(question)];
    let stems: Vec<&str> = account
        .found
        .terms
        .iter()
        .flat_map(|term| std::iter::once(&term.stem).chain(term.also.iter().flatten()))
        .map(String::as_str)
        .collect();
    let lines = passage
        .lines
        .iter()
        .map(|line| stretches(&line.text, &stems, languages));
    let start = passage
        .lines
        .first()
        .map_or(passage.range.start, |line| line.range.start);
    let end = passage
        .lines
        .last()
        .map_or(passage.range.end, |line| line.range.end);
    Candidate {
        document: passage.document.to_string(),
        title: passage.title.to_string(),
        version: passage.version,
        headings: passage.headings.iter().map(ToString::to_string).collect(),
        page: passage.page(),
        range: start..end,
        score: hit.score,
        share: hit.share,
        lines: lines.collect(),
        above: why::terms_of(account, hit, |place| place == Match::Heading),
        missing: why::terms_of(account, hit, |place| place == Match::Missing),
        taught: hit.taught.as_ref().map(|taught| taught.likeness),
        telling: telling(account, hit, languages),
    }
}

/// Returns the sentence of a passage that holds most of the question, as it stands: by it a lesson names this passage and no
/// other of the document, and it is the one that an answer would quote first. One that stands in another passage found in the
/// same document as well is taken only where there is no other.
fn telling(account: &Account, hit: &Hit, languages: [Language; 2]) -> String {
    let others: Vec<&str> = account
        .found
        .hits
        .iter()
        .filter(|other| other.passage.document == hit.passage.document && other.passage != hit.passage)
        .flat_map(|other| &other.passage.lines)
        .map(|line| line.text.as_str())
        .collect();
    let mut best: Option<((bool, f32), &str)> = None;
    for line in &hit.passage.lines {
        for range in sentences(&line.text) {
            let Some(sentence) = range.of(&line.text) else {
                continue;
            };
            let sentence = begun(sentence.trim());
            if !sentence.chars().any(char::is_alphanumeric) {
                continue;
            }
            let held: Vec<String> = languages
                .into_iter()
                .flat_map(|language| tokens(sentence, language))
                .map(|token| token.stem)
                .collect();
            let sought = account.found.terms.iter();
            let weight = sought
                .filter(|term| held.contains(&term.stem))
                .map(|term| term.idf)
                .sum();
            let worth = (others.iter().all(|other| !other.contains(sentence)), weight);
            if best.is_none_or(|(most, _)| worth > most) {
                best = Some((worth, sentence));
            }
        }
    }
    best.map_or_else(String::new, |(_, sentence)| sentence.to_owned())
}

/// Cuts a long sentence behind a word.
fn begun(sentence: &str) -> &str {
    let Some((cut, _)) = sentence.char_indices().nth(TELLING_CHARS) else {
        return sentence;
    };
    let head = &sentence[..cut];
    head.rfind(char::is_whitespace)
        .map_or(head, |end| head[..end].trim_end())
}

/// Cuts a line where words begin and end whose normal form in one of the languages is sought. Joined, the stretches give the
/// line back.
fn stretches(line: &str, stems: &[&str], languages: [Language; 2]) -> Vec<Stretch> {
    let [own, asked] = languages;
    let mut words = tokens(line, own);
    if asked != own {
        words.extend(tokens(line, asked));
    }
    let mut sought: Vec<_> = words
        .into_iter()
        .filter(|token| stems.contains(&token.stem.as_str()))
        .map(|token| token.range)
        .collect();
    sought.sort_unstable();
    let mut cut = Vec::new();
    let mut done = 0;
    let mut add = |from: usize, to: usize, sought: bool| {
        if let Some(text) = line.get(from..to).filter(|text| !text.is_empty()) {
            let text = text.to_owned();
            cut.push(Stretch { text, sought });
        }
    };
    for range in sought {
        // Numbers of several words are told once more as a whole.
        if range.end > done {
            add(done, range.start.max(done), false);
            add(range.start.max(done), range.end, true);
            done = range.end;
        }
    }
    add(done, line.len(), false);
    cut
}

fn steps(trace: Trace) -> Vec<Step> {
    let compared = trace.compared.map(|compared| match compared {
        Ok(()) => Step::Compared,
        Err(error) => Step::NotCompared(error.to_string()),
    });
    let other_words = trace.other_words.map(|forms| match forms {
        Ok(forms) => Step::OtherWords(forms),
        Err(error) => Step::NoOtherWords(error.to_string()),
    });
    let written = match trace.written {
        None => Step::NotAsked,
        Some(Writing::Passed(faults)) => Step::Written(faults.len()),
        Some(Writing::Refused) => Step::Declined,
        Some(Writing::Rejected(_)) => Step::Rejected,
        Some(Writing::Failed(error)) => Step::Failed(error.to_string()),
    };
    compared.into_iter().chain(other_words).chain([written]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_question_are_cut_out_in_any_form_and_nothing_is_lost() {
        let line = "Пропуск выдаёт охрана; без пропуска (5 000 тенге) нельзя.";
        let sought = tokens("пропуском 5 000", Language::Russian);
        let stems: Vec<&str> = sought.iter().map(|token| token.stem.as_str()).collect();
        let cut = stretches(line, &stems, [Language::Russian, Language::Kazakh]);
        let joined: String = cut.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(joined, line);
        let marked: Vec<&str> = cut
            .iter()
            .filter(|one| one.sought)
            .map(|one| one.text.as_str())
            .collect();
        assert!(
            marked.contains(&"Пропуск") && marked.contains(&"пропуска"),
            "{marked:?}"
        );
        assert!(!marked.contains(&"охрана"), "{marked:?}");
        assert_eq!(stretches("", &stems, [Language::Russian; 2]), []);
    }
}
