//! Normal forms of words: Snowball for Russian and English, suffix stripping for Kazakh.

use docent_corpus::Language;
use rust_stemmers::{Algorithm, Stemmer};

/// Endings of Kazakh nouns as they are stacked on a stem, from the last to the first: case (with the adjective that is made of the
/// locative), possession, plural; the longer before those they end in.
const KAZAKH_ENDINGS: [&[&str]; 3] = [
    &[
        "ындағы",
        "індегі",
        "ндағы",
        "ндегі",
        "дағы",
        "дегі",
        "тағы",
        "тегі",
        "ның",
        "нің",
        "дың",
        "дің",
        "тың",
        "тің",
        "нда",
        "нде",
        "нан",
        "нен",
        "дан",
        "ден",
        "тан",
        "тен",
        "мен",
        "бен",
        "пен",
        "ға",
        "ге",
        "қа",
        "ке",
        "на",
        "не",
        "ны",
        "ні",
        "ды",
        "ді",
        "ты",
        "ті",
        "да",
        "де",
        "та",
        "те",
        "н",
    ],
    &["ымыз", "іміз", "сы", "сі", "ым", "ім", "ың", "ің", "ы", "і"],
    &["лар", "лер", "дар", "дер", "тар", "тер"],
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
            kazakh_stem(word)
        } else {
            self.russian.stem(word).into_owned()
        }
    }
}

fn kazakh_stem(word: &str) -> String {
    let mut rest = word;
    for endings in KAZAKH_ENDINGS {
        let stripped = endings.iter().find_map(|ending| {
            let stem = rest.strip_suffix(ending)?;
            // A single letter is an ending only behind a stem that is a word without it.
            let least = KAZAKH_STEM + usize::from(ending.chars().count() == 1);
            (stem.chars().count() >= least).then_some(stem)
        });
        rest = stripped.unwrap_or(rest);
    }
    // Between vowels the last letter of a stem is voiced: «кітап», «кітабы».
    let mut stem = rest.to_owned();
    if let Some(last) = stem.pop() {
        stem.push(match last {
            'ғ' => 'қ',
            'г' => 'к',
            'б' => 'п',
            other => other,
        });
    }
    stem
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
            (Language::Kazakh, "кітап", "кітабымызда"),
            (Language::Kazakh, "мектеп", "мектептеріндегі"),
            (Language::Kazakh, "ұрпақ", "ұрпағының"),
        ] {
            let stems = Stems::new(language);
            assert_eq!(stems.of(one), stems.of(other), "{one} {other}");
        }
        assert_eq!(Stems::new(Language::Russian).of("229.2"), "229.2");
    }
}
