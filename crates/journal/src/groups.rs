//! Questions that are alike, put together.
//!
//! Leader clustering over sets of normal forms: the most frequent question leads a group, and a question joins the leader whose
//! words are most like its own. The same questions give the same groups in whatever order they come.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::SystemTime;

/// A question to which the documents gave no exact answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    /// Its text as it was kept.
    pub question: String,
    /// Whether the answer named places that may help.
    pub offered: bool,
    /// When it was asked.
    pub at: SystemTime,
    /// By which it can be erased.
    pub request: String,
}

/// Questions alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// How many questions.
    pub count: u64,
    /// How many of them were offered places that may help.
    pub offered: u64,
    /// When the last of them was asked.
    pub last: SystemTime,
    /// Different wordings with how often each was asked, the most frequent first; at most as many as were wished for.
    pub examples: Vec<(String, u64)>,
}

/// From this share of words in common (Jaccard) on two questions are alike: of three words each they share two.
const ALIKE: f64 = 0.5;

/// A shorter question belongs to a longer one that has all its words, if it has at least so many: one word alone, such as
/// «отпуск», would gather all that is asked about it.
const CONTAINED: usize = 2;

/// One wording.
struct Wording {
    text: String,
    words: BTreeSet<String>,
    count: u64,
    offered: u64,
    last: SystemTime,
}

/// Puts questions into groups, the largest first; `normal` gives the normal forms of a text's words.
pub(crate) fn group(
    questions: Vec<Unanswered>,
    normal: &dyn Fn(&str) -> Vec<String>,
    examples: usize,
) -> Vec<Group> {
    let mut groups: Vec<(BTreeSet<String>, Vec<Wording>)> = Vec::new();
    // Leaders by word: only those that share one can be alike.
    let mut leaders: HashMap<String, Vec<usize>> = HashMap::new();
    for wording in wordings(questions, normal) {
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        for word in &wording.words {
            for &leader in leaders.get(word).into_iter().flatten() {
                *shared.entry(leader).or_default() += 1;
            }
        }
        let mut best: Option<(f64, usize)> = None;
        for (leader, shared) in shared {
            let likeness = likeness(wording.words.len(), groups[leader].0.len(), shared);
            // The earlier leader, which is the more frequent question, wins a tie.
            if likeness >= ALIKE && best.is_none_or(|(most, _)| likeness > most) {
                best = Some((likeness, leader));
            }
        }
        if let Some((_, leader)) = best {
            groups[leader].1.push(wording);
        } else {
            for word in &wording.words {
                leaders.entry(word.clone()).or_default().push(groups.len());
            }
            groups.push((wording.words.clone(), vec![wording]));
        }
    }
    let mut groups: Vec<Group> = groups
        .into_iter()
        .map(|(_, wordings)| told(wordings, examples))
        .collect();
    // Stable: among equals the one whose leader was asked more often.
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}

/// Returns how alike two sets of words are, by how many words each has and how many both have.
fn likeness(one: usize, other: usize, shared: usize) -> f64 {
    let jaccard = shared as f64 / (one + other - shared) as f64;
    if shared >= CONTAINED && shared == one.min(other) {
        jaccard.max(ALIKE)
    } else {
        jaccard
    }
}

/// Puts equal wordings together, the most frequent first.
fn wordings(questions: Vec<Unanswered>, normal: &dyn Fn(&str) -> Vec<String>) -> Vec<Wording> {
    let mut by_text: BTreeMap<String, Wording> = BTreeMap::new();
    for one in questions {
        let text = one.question.split_whitespace().collect::<Vec<_>>().join(" ");
        let wording = by_text.entry(text.to_lowercase()).or_insert_with(|| {
            let mut words: BTreeSet<String> = normal(&text).into_iter().collect();
            if words.is_empty() {
                // Nothing but small words: alike only to itself.
                words.insert(text.to_lowercase());
            }
            Wording {
                text,
                words,
                count: 0,
                offered: 0,
                last: one.at,
            }
        });
        wording.count += 1;
        wording.offered += u64::from(one.offered);
        wording.last = wording.last.max(one.at);
    }
    let mut wordings: Vec<Wording> = by_text.into_values().collect();
    wordings.sort_by(|one, other| {
        other
            .count
            .cmp(&one.count)
            .then_with(|| one.text.cmp(&other.text))
    });
    wordings
}

fn told(wordings: Vec<Wording>, examples: usize) -> Group {
    let last = wordings.iter().map(|one| one.last).max();
    Group {
        count: wordings.iter().map(|one| one.count).sum(),
        offered: wordings.iter().map(|one| one.offered).sum(),
        last: last.unwrap_or(SystemTime::UNIX_EPOCH),
        examples: wordings
            .into_iter()
            .take(examples)
            .map(|one| (one.text, one.count))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    /// The words of more than three letters, without their last two.
    fn normal(text: &str) -> Vec<String> {
        let words = text.split(|letter: char| !letter.is_alphanumeric());
        words
            .filter(|word| word.chars().count() > 3)
            .map(|word| {
                let letters: Vec<char> = word.to_lowercase().chars().collect();
                letters[..letters.len() - 2].iter().collect()
            })
            .collect()
    }

    fn asked(texts: &[&str]) -> Vec<Unanswered> {
        texts
            .iter()
            .zip(0..)
            .map(|(text, second)| Unanswered {
                question: (*text).to_owned(),
                offered: second % 2 == 1,
                at: UNIX_EPOCH + Duration::from_secs(second),
                request: second.to_string(),
            })
            .collect()
    }

    fn told(texts: &[&str]) -> Vec<(u64, Vec<(String, u64)>)> {
        let groups = group(asked(texts), &normal, 2);
        groups.into_iter().map(|one| (one.count, one.examples)).collect()
    }

    const ASKED: [&str; 7] = [
        "Сколько стоит парковка у офиса?",
        "стоит ли парковка у офиса",
        "Когда откроется столовая?",
        "Парковка у офиса",
        "Сколько стоит  парковка у офиса?",
        "Столовая когда откроется",
        "Да?",
    ];

    #[test]
    fn forms_orders_and_letters_of_a_question_are_one_group() {
        let groups = told(&ASKED);
        assert_eq!(
            groups.iter().map(|(count, _)| *count).collect::<Vec<_>>(),
            [4, 2, 1]
        );
        assert_eq!(
            groups[0].1,
            [
                ("Сколько стоит парковка у офиса?".to_owned(), 2),
                ("Парковка у офиса".to_owned(), 1)
            ]
        );
    }

    #[test]
    fn the_order_in_which_questions_come_changes_nothing() {
        let mut turned = ASKED;
        for _ in 0..ASKED.len() {
            turned.rotate_left(1);
            let counts = |texts: &[&str]| {
                told(texts)
                    .into_iter()
                    .map(|(count, examples)| (count, examples.len()))
                    .collect::<Vec<_>>()
            };
            assert_eq!(counts(&turned), counts(&ASKED));
        }
    }

    #[test]
    fn a_group_says_how_many_were_offered_and_when_the_last_was_asked() {
        let groups = group(asked(&ASKED), &normal, 1);
        let last = groups[0].last.duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert_eq!((groups[0].offered, last), (2, 4));
    }
}
