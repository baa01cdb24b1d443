//! Words that everybody uses: rightly typed, whether the documents at hand use them or not.
//!
//! Owns three lists of ours (`common/`), of normal forms and forms of dictionaries, and when a word is one of theirs. A question is read as
//! a slip of the finger only where its word is none of them: «длины» is no slip of «длится».

use std::collections::HashSet;
use std::sync::LazyLock;

use docent_corpus::Language;

use crate::token::{Token, tokens};

/// Endings of Russian words, as they follow on what the forms of one word have in common.
const ENDINGS: &str = " а я о е ы и у ю ь й ой ей ою ею ий ый ая яя ое ее ые ие ую юю ого его ому ему ым им ом ем ых их ыми ими ам ям ами ями ах ях ов ев \
    ть ти л ла ло ли ет ит ют ут ят ат ешь ишь ете ите ить еть ать ять уть ся сь тся ться лся лась лось лись ется ится ются утся ятся атся \
    нет нут нул нула нули нуть ил ила или ел ела ели ал ала али ял яла яли ен ена ено ены ан ана ано аны ия ию ии ией ием ок ка ки ку кой ек ец ца цу цы цев ";

/// Letters that the forms of a word have in common at least.
const COMMON: usize = 3;

/// Letters of the longest ending.
const ENDING: usize = 4;

struct Words {
    /// In order, for those that begin alike.
    russian: Vec<String>,
    stems: HashSet<String>,
    endings: HashSet<&'static str>,
}

/// Made when the first question holds a word that its documents do not.
static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let lists = [
        (include_str!("common/ru.txt"), Language::Russian),
        (include_str!("common/kk.txt"), Language::Kazakh),
        (include_str!("common/en.txt"), Language::English),
    ];
    let found = |(list, language)| tokens(list, language).into_iter().map(|token| token.stem);
    let mut russian: Vec<String> = tokens(lists[0].0, Language::Russian)
        .into_iter()
        .map(|token| token.word)
        .collect();
    russian.sort_unstable();
    Words {
        russian,
        stems: lists.into_iter().flat_map(found).collect(),
        endings: ENDINGS.split_whitespace().chain([""]).collect(),
    }
});

/// Tells whether a word is a form of one that everybody uses.
pub fn is_common(token: &Token) -> bool {
    let words = &*WORDS;
    words.stems.contains(&token.stem) || words.has_form(&token.word)
}

impl Words {
    /// Tells whether a word of four letters or more and one of the Russian list have their beginnings in common and endings behind.
    fn has_form(&self, word: &str) -> bool {
        let ends: Vec<usize> = word
            .char_indices()
            .map(|(at, _)| at)
            .chain([word.len()])
            .skip(COMMON)
            .collect();
        if ends.len() < 2 {
            return false;
        }
        ends.iter().rev().take(ENDING + 1).any(|&end| {
            let (start, ending) = word.split_at(end);
            self.endings.contains(ending) && self.begins(start)
        })
    }

    fn begins(&self, start: &str) -> bool {
        let first = self.russian.partition_point(|word| word.as_str() < start);
        self.russian[first..]
            .iter()
            .map_while(|word| word.strip_prefix(start))
            .any(|ending| self.endings.contains(ending))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(word: &str, language: Language) -> bool {
        is_common(&tokens(word, language)[0])
    }

    #[test]
    fn forms_of_words_that_everybody_uses_are_known_and_slips_are_not() {
        for word in [
            "длины",
            "вернули",
            "выплачивают",
            "чинят",
            "молодой",
            "больничного",
            "зарплатой",
            "уволилась",
            "детей",
            "отпусками",
        ] {
            assert!(common(word, Language::Russian), "{word}");
        }
        for word in [
            "отпсук",
            "зарплпта",
            "договоор",
            "увальнение",
            "субсдия",
            "ипотке",
            "матчество",
            "банкомт",
        ] {
            assert!(!common(word, Language::Russian), "{word}");
        }
        for word in ["returned", "salaries", "employees"] {
            assert!(common(word, Language::English), "{word}");
        }
        assert!(!common("salray", Language::English));
        for word in ["жалақыны", "құжаттар", "мектепке"] {
            assert!(common(word, Language::Kazakh), "{word}");
        }
    }

    #[test]
    fn a_list_holds_words_of_its_own_letters_alone() {
        let lists = [
            (include_str!("common/ru.txt"), "абвгдежзийклмнопрстуфхцчшщъыьэюяё"),
            (
                include_str!("common/kk.txt"),
                "абвгдежзийклмнопрстуфхцчшщъыьэюяёәғқңөұүһі-",
            ),
            (include_str!("common/en.txt"), "abcdefghijklmnopqrstuvwxyz"),
        ];
        for (list, letters) in lists {
            for word in list.split_whitespace() {
                assert!(word.chars().all(|letter| letters.contains(letter)), "{word}");
            }
        }
    }
}
