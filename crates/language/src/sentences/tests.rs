//! Sentences, measured on paragraphs marked by hand, and the promise that nothing is lost.

use proptest::prelude::*;

use super::sentences;

/// Paragraphs, one a line; `|` stands where a sentence ends inside one.
const MARKED: [(&str, &str, usize); 3] = [
    ("ru", include_str!("../../testdata/sentences/ru.txt"), 120),
    ("kk", include_str!("../../testdata/sentences/kk.txt"), 40),
    ("en", include_str!("../../testdata/sentences/en.txt"), 40),
];

fn split(text: &str) -> Vec<&str> {
    sentences(text)
        .into_iter()
        .map(|range| &text[range.start..range.end])
        .collect()
}

#[track_caller]
fn check(marked: &str) {
    let expected: Vec<&str> = marked.split('|').collect();
    assert_eq!(split(&marked.replace('|', "")), expected);
}

/// The share of marked sentences that are found with both their ends; better and worse alike are written down here.
#[test]
fn sentences_of_the_marked_paragraphs_are_found() {
    let mut wrong = Vec::new();
    let mut total = 0;
    for (language, marked, least) in MARKED {
        let mut count = 0;
        for line in marked.lines().filter(|line| !line.is_empty()) {
            let text = line.replace('|', "");
            let found = split(&text);
            for sentence in line.split('|') {
                count += 1;
                if !found.contains(&sentence) {
                    wrong.push(format!("{language}: {sentence} in {found:?}"));
                }
            }
        }
        assert!(
            count >= least,
            "{language}: {count} sentences of at least {least}"
        );
        total += count;
    }
    let right = total - wrong.len();
    assert_eq!((right, total), BASELINE, "\n{}", wrong.join("\n"));
    assert!(right * 100 >= total * 98);
}

/// Sentences found right, and sentences marked.
const BASELINE: (usize, usize) = (254, 258);

#[test]
fn no_text_has_no_sentences() {
    assert!(sentences("").is_empty());
}

#[test]
fn white_space_alone_belongs_to_the_sentence_before() {
    check("Первая.\n \n|Вторая. ");
    assert_eq!(split("  \n "), ["  \n "]);
}

#[test]
fn a_line_end_borders_a_sentence_without_a_stop() {
    check("Общие положения\n|1. Срок — 5 дней.\n|Конец");
}

#[test]
fn note_marks_belong_to_the_sentence_that_they_follow() {
    check("Срок продлён.[12] |Плата та же.² |Конец.");
}

proptest! {
    #[test]
    fn joined_sentences_give_the_text_back(
        text in "([а-яА-Яa-zA-Z0-9әқ]{1,8}|[.!?…]{1,3}|[ \\n\u{a0}]|[«»()\\[\\]\"—;:,-]|г\\. |ст\\. |И\\. ){0,60}",
    ) {
        let found = sentences(&text);
        prop_assert_eq!(found.iter().map(|range| &text[range.start..range.end]).collect::<String>(), &text[..]);
        prop_assert!(found.iter().all(|range| !range.is_empty()));
    }

    #[test]
    fn any_text_at_all_is_tiled(text in any::<String>()) {
        prop_assert_eq!(split(&text).concat(), text);
    }
}
