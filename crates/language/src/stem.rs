//! Normal forms of words: Snowball for Russian and English, suffix stripping for Kazakh.

use docent_corpus::Language;
use rust_stemmers::{Algorithm, Stemmer};

/// Endings of Kazakh nouns, longest first: plural, possession and case as they are stacked on a stem.
const KAZAKH_ENDINGS: [&str; 62] = [
    "ларының",
    "лерінің",
    "дарының",
    "дерінің",
    "тарының",
    "терінің",
    "ларында",
    "лерінде",
    "ларына",
    "леріне",
    "ларын",
    "лерін",
    "дарын",
    "дерін",
    "тарын",
    "терін",
    "ларға",
    "лерге",
    "дарға",
    "дерге",
    "тарға",
    "терге",
    "лары",
    "лері",
    "дары",
    "дері",
    "тары",
    "тері",
    "сының",
    "сінің",
    "ының",
    "інің",
    "ында",
    "інде",
    "ынан",
    "інен",
    "лар",
    "лер",
    "дар",
    "дер",
    "тар",
    "тер",
    "ның",
    "нің",
    "дың",
    "дің",
    "тың",
    "тің",
    "нан",
    "нен",
    "дан",
    "ден",
    "тан",
    "тен",
    "мен",
    "бен",
    "пен",
    "ына",
    "іне",
    "ға",
    "ге",
    "да",
];

/// Letters that have to remain of a Kazakh word: shorter stems fall together.
const KAZAKH_STEM: usize = 3;

/// Finds the stems of normalised words of one text.
pub(crate) struct Stems {
    language: Language,
    russian: Stemmer,
    english: Stemmer,
}

impl Stems {
    /// Prepares for a text in `language`.
    pub(crate) fn new(language: Language) -> Self {
        Self {
            language,
            russian: Stemmer::create(Algorithm::Russian),
            english: Stemmer::create(Algorithm::English),
        }
    }

    /// Returns the stem of a lower-case word; one with digits is its own stem.
    pub(crate) fn of(&self, word: &str) -> String {
        let Some(first) = word.chars().next() else {
            return String::new();
        };
        if word.bytes().any(|byte| byte.is_ascii_digit()) {
            return word.to_owned();
        }
        if first.is_ascii() {
            return self.english.stem(word).into_owned();
        }
        let kazakh =
            self.language == Language::Kazakh || word.chars().any(|letter| "әғқңөұүһі".contains(letter));
        if kazakh {
            kazakh_stem(word).to_owned()
        } else {
            self.russian.stem(word).into_owned()
        }
    }
}

fn kazakh_stem(word: &str) -> &str {
    KAZAKH_ENDINGS
        .iter()
        .filter_map(|ending| word.strip_suffix(ending))
        .find(|stem| stem.chars().count() >= KAZAKH_STEM)
        .unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_share_a_stem() {
        for (language, one, other) in [
            (Language::Russian, "отпуск", "отпуска"),
            (Language::Russian, "субсидия", "субсидию"),
            (Language::English, "subsidy", "subsidies"),
            (Language::Kazakh, "орталық", "орталықтың"),
            (Language::Kazakh, "құжат", "құжаттар"),
        ] {
            let stems = Stems::new(language);
            assert_eq!(stems.of(one), stems.of(other), "{one} {other}");
        }
        assert_eq!(Stems::new(Language::Russian).of("229.2"), "229.2");
    }
}
