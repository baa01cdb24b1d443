//! What a question asks for: a quantity, a time, a person, a place; and which of those a sentence tells.
//!
//! Owns the cue words of the three languages. A cue helps to choose among sentences; it decides nothing by itself.

use std::collections::HashSet;
use std::sync::LazyLock;

use docent_language::{Token, tokens};

/// Kinds of things that a sentence tells or a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Has {
    pub(crate) number: bool,
    pub(crate) time: bool,
    pub(crate) name: bool,
}

/// What a question asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Asked {
    pub(crate) wants: Has,
    /// The questions in it, as byte ranges, when it has several: «сколько … и когда …».
    pub(crate) parts: Vec<std::ops::Range<usize>>,
}

const NUMBER: &str = " сколько скольки скольких сколькими срок сроки срока сроков размер размера сумма стоимость стоит цена тариф \
     ставка процент длина длины количество много площадь плата платят \
     many much cost price long old far often percent number қанша канша неше нешеден баға құны мөлшері мерзімі мерзім ұзақ ";

const TIME: &str = " когда год году дата даты число числа срок сроки during when year date қашан кашан жылы уақыт уақыты мерзімі ";

const NAME: &str =
    " кто кому кем кого чей где куда откуда who whom whose where кім кімге кімнің қайда кайда қайдан ";

/// Words that ask; a second one behind «и» begins a second question.
const ASKS: &str = " сколько когда кто кому кем где куда откуда как какой какая какое какие каков какова почему зачем чем what which \
     who when where why how қанша неше қашан кім қайда қалай қандай неге ";

const JOINS: &str = " и а and also және ал ";

const NUMERALS: &str = " один одна одно одного одной два две двух двум три трех четыре четырех пять пяти шесть шести семь семи восемь \
     девять десять десяти половина половине половины дважды трижды бесплатно бесплатна бесплатны бессрочно \
     one two three four five six seven eight nine ten half twice free бір екі үш төрт бес алты жеті сегіз тоғыз он тегін ";

const TIMES: &str = " ежегодно ежемесячно ежедневно еженедельно ежеквартально немедленно понедельник вторник среда среду четверг пятница \
     пятницу суббота субботу воскресенье день дня дней месяц месяца месяцев год года лет час часа часов минут недели недель сутки суток \
     january february march april may june july august september october november december monday tuesday wednesday thursday friday \
     saturday sunday day days week weeks month months year years hour hours daily monthly \
     күн күні ай айда жыл жылы сағат минут апта дүйсенбі сейсенбі сәрсенбі бейсенбі жұма сенбі жексенбі ";

const MONTHS: [&str; 12] = [
    "январ",
    "феврал",
    "март",
    "апрел",
    "мая",
    "июн",
    "июл",
    "август",
    "сентябр",
    "октябр",
    "ноябр",
    "декабр",
];

/// Words of a list, for looking up.
struct Words(LazyLock<HashSet<&'static str>>);

impl Words {
    fn has(&self, word: &str) -> bool {
        self.0.contains(word)
    }
}

static NUMBER_WORDS: Words = Words(LazyLock::new(|| NUMBER.split_whitespace().collect()));
static TIME_WORDS: Words = Words(LazyLock::new(|| TIME.split_whitespace().collect()));
static NAME_WORDS: Words = Words(LazyLock::new(|| NAME.split_whitespace().collect()));
static ASKING: Words = Words(LazyLock::new(|| ASKS.split_whitespace().collect()));
static JOINING: Words = Words(LazyLock::new(|| JOINS.split_whitespace().collect()));
static NUMERAL_WORDS: Words = Words(LazyLock::new(|| NUMERALS.split_whitespace().collect()));
static TIMES_WORDS: Words = Words(LazyLock::new(|| TIMES.split_whitespace().collect()));

impl Asked {
    /// Reads a question.
    pub(crate) fn of(question: &str) -> Self {
        let words = tokens(question, docent_language::detect(question));
        let any = |list: &Words| words.iter().any(|token| list.has(&token.word));
        let wants = Has {
            number: any(&NUMBER_WORDS),
            time: any(&TIME_WORDS),
            name: any(&NAME_WORDS),
        };
        let mut cuts = vec![0];
        for pair in words.windows(2) {
            // A date told whole lies over its words.
            let between = question.get(pair[0].range.end..pair[1].range.start).unwrap_or("");
            let joined = JOINING.has(&pair[0].word) && ASKING.has(&pair[1].word);
            let ended = between.contains('?') || (between.contains(',') && ASKING.has(&pair[1].word));
            let asked_before = words
                .iter()
                .any(|token| token.range.end <= pair[0].range.end && ASKING.has(&token.word));
            if (joined || (ended && ASKING.has(&pair[1].word))) && asked_before {
                cuts.push(pair[1].range.start);
            }
        }
        cuts.push(question.len());
        let parts: Vec<_> = cuts.windows(2).map(|cut| cut[0]..cut[1]).collect();
        Self {
            wants,
            parts: if parts.len() > 1 { parts } else { Vec::new() },
        }
    }

    /// Reads what a sentence of these words tells.
    pub(crate) fn told(sentence: &str, words: &[Token]) -> Has {
        let digits = sentence.bytes().any(|byte| byte.is_ascii_digit());
        let capital = |range: docent_corpus::ByteRange| {
            range.start > 0
                && range
                    .of(sentence)
                    .is_some_and(|word| word.starts_with(char::is_uppercase))
        };
        Has {
            number: digits || words.iter().any(|token| NUMERAL_WORDS.has(&token.word)),
            time: words.iter().any(|token| {
                TIMES_WORDS.has(&token.word)
                    || MONTHS.iter().any(|month| token.word.starts_with(month))
                    || (token.word.len() == 4
                        && token.word.starts_with(['1', '2'])
                        && token.word.bytes().all(|byte| byte.is_ascii_digit()))
            }),
            name: words.iter().any(|token| capital(token.range)),
        }
    }

    /// Returns which share of the kinds that are wanted `has` tells; 1 when no kind is wanted.
    pub(crate) fn met(&self, has: Has) -> f32 {
        let pairs = [
            (self.wants.number, has.number),
            (self.wants.time, has.time),
            (self.wants.name, has.name),
        ];
        let wanted = pairs.iter().filter(|(wants, _)| *wants).count();
        let met = pairs.iter().filter(|(wants, has)| *wants && *has).count();
        if wanted == 0 {
            1.0
        } else {
            met as f32 / wanted as f32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_of_two_parts_is_told_from_one_with_two_subjects() {
        let parts = |question: &str| Asked::of(question).parts.len();
        assert_eq!(parts("Сколько стоит пропуск и когда его выдают?"), 2);
        assert_eq!(parts("Where is the office? When does it open?"), 2);
        assert_eq!(parts("Пропуск қанша тұрады және қашан беріледі?"), 2);
        assert_eq!(parts("Какие права и обязанности у стажёра?"), 0);
        assert_eq!(parts("Мне сказали прийти. Когда?"), 0);
        assert_eq!(parts("Кто был 9 мая 1945 года дома и где стоял дом?"), 2);
    }

    #[test]
    fn a_sentence_tells_what_kind_of_thing_it_holds() {
        let question = Asked::of("Сколько стоит обед?");
        let told =
            |sentence: &str| Asked::told(sentence, &tokens(sentence, docent_language::detect(sentence)));
        assert!(question.met(told("Обед стоит три монеты.")) > 0.9);
        assert!(question.met(told("Обед готовят повара.")) < 0.1);
        let question = Asked::of("When does the museum open?");
        assert!(question.met(told("It opens on Monday.")) > 0.9);
    }
}
