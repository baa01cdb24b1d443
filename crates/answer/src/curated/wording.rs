//! Whether two questions ask the same: the same words in whatever form and order, and nothing between them that turns the sense.
//!
//! Strict by design: an operator's text under a question that it was not written for is worse than no such text. What the lists
//! below do not name must agree.

use docent_corpus::Language;
use docent_language::{Token, detect, tokens};

/// Words that never change what is asked: articles, copulas, courtesies, whose it is for the one who asks.
const EMPTY: &str = " а бы был была были было быть вам вас вот вы да даже же есть здесь и ли мне мы наш но ну однако очень та так также \
     такой там те тем то того тоже той том ты хотя чтобы эта эти этих это этого этой этом этот я меня мой моя мое мои свой своя свои себя \
     хочу подскажите скажите расскажите пожалуйста здравствуйте добрый привет интересует вопрос \
     a an and are as be but had has have i is it its my of our so such that the then there these this was we were will with you your do \
     does did please tell me \
     және мен пен бен де бұл осы сол біз сіз ма ме ба бе па пе деп бойынша айтыңызшы дегеніміз деген аталады аталған атайды болған болды \
     болып табылады табылатын табыңыз атаңыз көрсетіңіз анықтаңыз туралы еді екен жатады жататын ";

/// Words that ask or limit in several forms, each by one name.
const CLASSES: [(&str, &str); 12] = [
    (
        "which",
        " какая какие каких какой какое какую каком какого какими which қандай қандайлар қай қайсы қайсысы ",
    ),
    (
        "of which",
        " который которая которое которые которых которого которой ",
    ),
    ("how much", " сколько скольки қанша канша қаншама неше "),
    ("why", " почему зачем why неге неліктен "),
    ("whose", " чей чья чье "),
    ("can", " можно могу может can could may бола болады "),
    (
        "must",
        " нужно нужен нужна нужны надо должен должна должны should керек ",
    ),
    ("due", " положен положено положены "),
    ("all", " все весь всех всего "),
    ("or", " или либо or немесе "),
    ("when", " когда when қашан кашан "),
    ("where", " где where қайда кайда "),
];

/// Small words before a word that say from where, to where, about what; two of different kinds before one word ask different
/// things.
const SIDES: [(Side, &str); 7] = [
    (Side::From, " с со из от from "),
    (
        Side::At,
        " в во на к ко по у при за про о об насчет in into to on at ",
    ),
    (Side::For, " для ради for үшін "),
    (Side::Until, " до "),
    (Side::By, " by "),
    (Side::Under, " под "),
    (Side::Over, " над "),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    From,
    At,
    For,
    Until,
    By,
    Under,
    Over,
}

/// Signs that change what is asked: «C++» is not «C#», 5 % are not 5.
const SIGNS: &str = "+#%$€£₽₸<>=°";

/// Endings of one kind of Russian words behind their stems: forms of a word take them from one row.
const RUSSIAN_ENDINGS: [&str; 4] = [
    "_ а я ы и е у ю о ой ей ою ею ом ем ам ям ами ями ах ях ов ев ь ью й ия ии ию ие ием ией иям иями иях ий ",
    " ья ье ью ьи ьев ьям ьями ьях ьей ей ",
    "_ а о ы ый ий ой ая яя ое ее ые ие ого его ому ему ым им ую юю ых их ыми ими ой ей ом ем ою ею ",
    "_ ть ет ут ют ит ат ят ешь ишь ем им ете ите йте й л ла ло ли ил ила ило или ел ал ала ало али ить ать еть ыть ует уют ую ю у ен ена \
     ено ены н на но ны ешь ым ыл ыла ыли ",
];

/// Endings by which Kazakh says where from, where to, where and with what; what has one asks otherwise than what has another.
const KAZAKH_CASES: [&[&str]; 4] = [
    &["дан", "ден", "тан", "тен", "нан", "нен"],
    &["ға", "ге", "қа", "ке", "на", "не"],
    &["да", "де", "та", "те"],
    &["мен", "бен", "пен"],
];

/// Letters of the shortest stem whose forms are told apart from another word.
const STEM: usize = 3;

fn names(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|one| one == word)
}

/// One word that says what a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    stem: String,
    form: String,
    /// Written with a capital letter inside a sentence.
    name: bool,
    side: Option<Side>,
}

/// What a question says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wording {
    content: Vec<Word>,
    /// The words that ask, deny and limit, sorted.
    marks: Vec<String>,
    signs: Vec<char>,
    kazakh: bool,
}

impl Wording {
    pub(super) fn of(text: &str) -> Self {
        let language = detect(text);
        let all = without_parts(tokens(text, language));
        let any = all.iter().any(|token| !token.stop && !token.question);
        let shouts = !text.chars().any(char::is_lowercase);
        let mut wording = Self {
            content: Vec::new(),
            marks: Vec::new(),
            signs: signs(text),
            kazakh: language == Language::Kazakh,
        };
        let mut side = None;
        for (at, token) in all.iter().enumerate() {
            let before = at.checked_sub(1).map(|at| all[at].word.as_str());
            if text[..token.range.start].ends_with(['\'', '’']) && token.word.len() <= 2 && token.word != "t"
            {
                // «museum's», «I'm»: «n't» is what denies.
                continue;
            }
            if any && (token.stop || token.question) {
                if let Some((found, _)) = SIDES.iter().find(|(_, list)| names(list, &token.word)) {
                    side = Some(*found);
                } else if !(names(EMPTY, &token.word) || token.word == "день" && before == Some("добрый"))
                {
                    let class = CLASSES.iter().find(|(_, list)| names(list, &token.word));
                    wording
                        .marks
                        .push(class.map_or_else(|| token.word.clone(), |(name, _)| (*name).to_owned()));
                }
                continue;
            }
            wording.content.push(Word {
                stem: token.stem.clone(),
                form: token.word.clone(),
                name: !shouts && is_name(text, token),
                side: side.take(),
            });
        }
        wording.marks.sort_unstable();
        wording
    }

    /// Returns by what questions that may ask the same are found: their stems, sorted.
    pub(super) fn key(&self) -> Vec<String> {
        let mut stems: Vec<String> = self.stems().map(str::to_owned).collect();
        stems.sort_unstable();
        stems
    }

    pub(super) fn stems(&self) -> impl Iterator<Item = &str> {
        self.content.iter().map(|word| word.stem.as_str())
    }

    /// Tells whether both ask the same; their keys are equal.
    pub(super) fn asks_as(&self, other: &Self) -> bool {
        if self.marks != other.marks || self.signs != other.signs {
            return false;
        }
        let Some(order) = self.pairs(other) else {
            return false;
        };
        let kazakh = self.kazakh || other.kazakh;
        let pairs = || {
            self.content
                .iter()
                .zip(order.iter().map(|&at| &other.content[at]))
        };
        let agree = pairs().all(|(one, other)| {
            let sides = one.side.is_none() || other.side.is_none() || one.side == other.side;
            sides && same_word(one, other, kazakh)
        });
        agree && (order.is_sorted() || self.may_move(other, &order))
    }

    /// Returns where each word stands in the other; of a word that stands twice, the same form if there is one.
    fn pairs(&self, other: &Self) -> Option<Vec<usize>> {
        let mut free: Vec<usize> = (0..other.content.len()).collect();
        let mut order = Vec::new();
        for word in &self.content {
            let alike = |at: &&usize| other.content[**at].stem == word.stem;
            let found = free
                .iter()
                .filter(alike)
                .find(|at| other.content[**at].form == word.form)
                .or_else(|| free.iter().find(alike))
                .copied()?;
            free.retain(|&at| at != found);
            order.push(found);
        }
        free.is_empty().then_some(order)
    }

    /// Tells whether words may stand in another order without a change of parts: who does it to whom is told by the forms in Russian and
    /// Kazakh, and by the order in English.
    fn may_move(&self, other: &Self, order: &[usize]) -> bool {
        let is_number = |word: &Word| word.form.bytes().any(|byte| byte.is_ascii_digit());
        let numbers = self.content.iter().zip(order).filter(|(word, _)| is_number(word));
        if !numbers.map(|(_, at)| at).is_sorted() {
            return false;
        }
        if self.content.iter().all(|word| word.form.is_ascii()) {
            return false;
        }
        let turned = self.content.iter().zip(order);
        let turned = turned
            .filter(|(word, at)| word.form != other.content[**at].form)
            .count();
        self.content.len() < 3 || turned < 2
    }
}

/// Leaves out the words of which a date or a number is told whole.
fn without_parts(all: Vec<Token>) -> Vec<Token> {
    let mut kept: Vec<Token> = Vec::with_capacity(all.len());
    for token in all {
        while kept
            .last()
            .is_some_and(|last| last.range.start >= token.range.start)
        {
            kept.pop();
        }
        kept.push(token);
    }
    kept
}

fn is_name(text: &str, token: &Token) -> bool {
    let before = text[..token.range.start]
        .trim_end_matches(|letter: char| !letter.is_alphanumeric() && !".!?…".contains(letter));
    let begins = before.is_empty() || before.ends_with(['.', '!', '?', '…']);
    !begins && text[token.range.start..].starts_with(char::is_uppercase)
}

fn signs(text: &str) -> Vec<char> {
    let mut signs: Vec<char> = text.chars().filter(|&letter| SIGNS.contains(letter)).collect();
    // A number below zero; a range, a date and a telephone number have a figure before the line.
    let letters: Vec<char> = text.chars().collect();
    for (at, _) in letters
        .iter()
        .enumerate()
        .filter(|(_, letter)| "-−".contains(**letter))
    {
        let digit = letters.get(at + 1).is_some_and(char::is_ascii_digit);
        let free = at == 0 || letters[at - 1].is_whitespace();
        if digit && free {
            signs.push('-');
        }
    }
    signs.sort_unstable();
    signs
}

/// Tells whether two words of one stem are forms of one word: stems throw more together than that.
fn same_word(one: &Word, other: &Word, kazakh: bool) -> bool {
    let (first, second) = (one.form.as_str(), other.form.as_str());
    if first == second {
        return true;
    }
    if first
        .bytes()
        .chain(second.bytes())
        .any(|byte| byte.is_ascii_digit())
    {
        // Ways to write one date.
        return one.stem == other.stem;
    }
    if one.name || other.name || one.stem.chars().count() < STEM {
        return false;
    }
    if first.is_ascii() {
        let others = english_bases(second);
        return english_bases(first).iter().any(|base| others.contains(base));
    }
    if kazakh
        || [first, second]
            .iter()
            .any(|word| word.contains(['ә', 'ғ', 'қ', 'ң', 'ө', 'ұ', 'ү', 'һ', 'і']))
    {
        return kazakh_case(first, &one.stem) == kazakh_case(second, &other.stem);
    }
    russian_forms(first, second, &one.stem)
}

fn russian_forms(one: &str, other: &str, stem: &str) -> bool {
    let ending = |word| -> Option<&str> {
        let rest = str::strip_prefix(word, stem)?;
        let plain = rest.strip_suffix("ся").or_else(|| rest.strip_suffix("сь"));
        Some(plain.unwrap_or(rest))
    };
    let (Some(mut one), Some(mut other)) = (ending(one), ending(other)) else {
        return false;
    };
    // What the stem lacks of both: «возможн-ост-ь», «иностран-н-ый».
    for common in ["ост", "н", "н"] {
        if let (Some(first), Some(second)) = (one.strip_prefix(common), other.strip_prefix(common))
            && !(first.is_empty() && second.is_empty())
        {
            (one, other) = (first, second);
        }
    }
    let in_row = |row: &str, ending: &str| names(row, if ending.is_empty() { "_" } else { ending });
    RUSSIAN_ENDINGS
        .iter()
        .any(|row| in_row(row, one) && in_row(row, other))
}

/// Returns what a word may be a form of.
fn english_bases(word: &str) -> Vec<String> {
    let mut bases = vec![word.to_owned()];
    let mut add = |base: &str| {
        bases.push(base.to_owned());
    };
    if let Some(base) = word.strip_suffix("ies").or_else(|| word.strip_suffix("ied")) {
        add(&format!("{base}y"));
    }
    if let Some(base) = word.strip_suffix('s').filter(|base| !base.ends_with('s')) {
        add(base);
    }
    if let Some(base) = word.strip_suffix("es") {
        add(base);
    }
    for ending in ["ed", "ing"] {
        if let Some(base) = word.strip_suffix(ending) {
            add(base);
            add(&format!("{base}e"));
            let mut letters = base.chars().rev();
            if let (Some(last), Some(before)) = (letters.next(), letters.next())
                && last == before
            {
                add(&base[..base.len() - 1]);
            }
        }
    }
    bases
}

fn kazakh_case(word: &str, stem: &str) -> Option<usize> {
    // The ending, not the letters of the word itself.
    let rest = word.get(stem.len()..).unwrap_or_default();
    KAZAKH_CASES
        .iter()
        .position(|endings| endings.iter().any(|ending| rest.ends_with(ending)))
}

/// Letters of a word from which on a slip is believed: shorter words become others by it.
const SLIP: usize = 6;

/// Letters of a word from which on a letter too much or too little of a pair is believed: «desert» and «dessert» are words.
const DOUBLE: usize = 7;

/// Returns a question with one word mended in each: two letters swapped, or one of a double letter lost or added. `known` tells the
/// stems among which it must be found; nothing when more than one word is not among them.
pub(super) fn mended(text: &str, known: impl Fn(&str) -> bool) -> Vec<String> {
    let language = detect(text);
    let all = tokens(text, language);
    let mut unknown = all
        .iter()
        .filter(|token| !token.stop && !token.question && !known(&token.stem));
    let (Some(odd), None) = (unknown.next(), unknown.next()) else {
        return Vec::new();
    };
    let letters: Vec<char> = odd.word.chars().collect();
    if letters.len() < SLIP || letters.iter().any(char::is_ascii_digit) || is_name(text, odd) {
        return Vec::new();
    }
    let mut words: Vec<Vec<char>> = Vec::new();
    for at in 1..letters.len() {
        let mut word = letters.clone();
        if letters[at - 1] == letters[at] {
            word.remove(at);
            words.extend((word.len() >= DOUBLE).then_some(word));
            continue;
        }
        word.swap(at - 1, at);
        words.push(word);
    }
    if letters.len() >= DOUBLE {
        words.extend((0..letters.len()).map(|at| {
            let mut word = letters.clone();
            word.insert(at, letters[at]);
            word
        }));
    }
    let (before, after) = (&text[..odd.range.start], &text[odd.range.end..]);
    words
        .into_iter()
        .map(|word| word.into_iter().collect::<String>())
        .filter(|word| {
            tokens(word, language)
                .first()
                .is_some_and(|token| known(&token.stem))
        })
        .map(|word| format!("{before}{word}{after}"))
        .collect()
}
