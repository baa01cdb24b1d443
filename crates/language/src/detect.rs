//! Which of our languages a text is in.

use docent_corpus::Language;

/// Letters that Kazakh has and Russian has not.
const KAZAKH: &str = "әғқңөұүһіӘҒҚҢӨҰҮҺІ";

/// Words that mark Kazakh even in a short question typed without Kazakh letters.
const KAZAKH_WORDS: [&str; 10] = [
    "қалай",
    "калай",
    "қанша",
    "канша",
    "қайда",
    "кайда",
    "керек",
    "бар",
    "және",
    "немесе",
];

/// Returns the language of `text`; Russian where nothing tells.
///
/// Kazakh is told by its own letters (Russian text has none), so one in forty Cyrillic letters is enough.
pub fn detect(text: &str) -> Language {
    let (mut latin, mut cyrillic, mut kazakh) = (0usize, 0usize, 0usize);
    for letter in text.chars() {
        if letter.is_ascii() {
            latin += usize::from(letter.is_ascii_alphabetic());
        } else if matches!(letter, 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё') {
            cyrillic += 1;
        } else if KAZAKH.contains(letter) {
            kazakh += 1;
            cyrillic += 1;
        }
    }
    if latin > cyrillic {
        return Language::English;
    }
    let marked = || {
        text.split_whitespace()
            .any(|word| KAZAKH_WORDS.contains(&word.to_lowercase().as_str()))
    };
    if kazakh * 40 > cyrillic || (cyrillic < 80 && marked()) {
        Language::Kazakh
    } else {
        Language::Russian
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_a_text_is_told() {
        for (text, language) in [
            ("Сколько дней отпуска?", Language::Russian),
            ("Орталық қашан жұмыс істейді?", Language::Kazakh),
            ("How do I get a subsidy?", Language::English),
            ("форма ISO 9001 для участка", Language::Russian),
            ("123", Language::Russian),
        ] {
            assert_eq!(detect(text), language, "{text}");
        }
    }
}
