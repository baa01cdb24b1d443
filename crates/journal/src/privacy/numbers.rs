//! Groups of digits and what they are together.
//!
//! Digits that stand close to one another form a run; in each run the longest stretch of groups that is somebody's number is
//! looked for, from the left.

use std::ops::Range;

use super::{Mark, checks};

/// More groups than the longest number is written in.
const MOST_GROUPS: usize = 7;

/// Letters before a number that may say what it is: some five words.
const CONTEXT: usize = 48;

/// Digits without anything between.
struct Group<'a> {
    range: Range<usize>,
    digits: &'a str,
    /// How it hangs together with the group after it.
    link: Link,
}

/// What stands between two groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// Other text.
    Apart,
    Space,
    Dash,
    Dot,
    /// A bracket, with or without spaces.
    Bracket,
    /// The sign or the word for «number».
    Sign,
}

impl Link {
    fn of(between: &str) -> Self {
        let space = |letter: char| letter.is_whitespace();
        let dash = |letter: char| matches!(letter, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
        if between.chars().any(|letter| matches!(letter, '\n' | '\r')) {
            return Self::Apart;
        }
        let sign = between.trim_matches(|letter: char| space(letter) || matches!(letter, ',' | ':' | '.'));
        if ["№", "номер", "нөмірі", "number", "no"].contains(&sign.to_lowercase().as_str()) {
            return Self::Sign;
        }
        // «8 (701) - 123» has three signs between two groups; more is no longer one number.
        if between.chars().count() > 3 {
            return Self::Apart;
        }
        let all = |allowed: &dyn Fn(char) -> bool| between.chars().all(allowed);
        if all(&space) {
            Self::Space
        } else if all(&|letter| space(letter) || dash(letter)) {
            Self::Dash
        } else if between == "." {
            Self::Dot
        } else if all(&|letter| space(letter) || dash(letter) || matches!(letter, '(' | ')')) {
            Self::Bracket
        } else {
            Self::Apart
        }
    }
}

/// Finds the numbers of people.
pub(super) fn find(text: &str) -> Vec<(Range<usize>, Mark)> {
    let groups = groups(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < groups.len() {
        let run = groups[at..]
            .iter()
            .position(|group| group.link == Link::Apart)
            .map_or(groups.len() - at, |last| last + 1);
        let number = (1..=run.min(MOST_GROUPS)).rev().find_map(|count| {
            let number = Number::of(text, &groups[at..at + count]);
            Some((count, number.range(), number.mark()?))
        });
        match number {
            Some((count, range, mark)) => {
                found.push((range, mark));
                at += count;
            }
            None => at += 1,
        }
    }
    found
}

fn groups(text: &str) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut rest = 0;
    while let Some(start) = text[rest..].find(|letter: char| letter.is_ascii_digit()) {
        let start = rest + start;
        let length = text[start..].find(|letter: char| !letter.is_ascii_digit());
        let end = length.map_or(text.len(), |length| start + length);
        if let Some(before) = groups.last_mut() {
            before.link = Link::of(&text[before.range.end..start]);
        }
        groups.push(Group {
            range: start..end,
            digits: &text[start..end],
            link: Link::Apart,
        });
        rest = end;
    }
    groups
}

/// A stretch of groups that may be somebody's number.
struct Number<'a> {
    text: &'a str,
    groups: &'a [Group<'a>],
    digits: String,
    shape: Vec<usize>,
}

impl<'a> Number<'a> {
    fn of(text: &'a str, groups: &'a [Group<'a>]) -> Self {
        Self {
            text,
            groups,
            digits: groups.iter().map(|group| group.digits).collect(),
            shape: groups.iter().map(|group| group.digits.len()).collect(),
        }
    }

    fn span(&self) -> Range<usize> {
        let end = self.groups.last().map_or(0, |group| group.range.end);
        self.groups.first().map_or(0, |group| group.range.start)..end
    }

    /// Returns what is masked: the number with the plus and the bracket that belong to it.
    fn range(&self) -> Range<usize> {
        let Range { start, end } = self.span();
        let before = self.text[..start].trim_end_matches(['+', '(']);
        let is_kazakh = self.letter_of_passport();
        let start = if is_kazakh {
            start - before.chars().next_back().map_or(0, char::len_utf8)
        } else {
            before.len()
        };
        start..end
    }

    fn before(&self) -> &'a str {
        &self.text[..self.span().start]
    }

    fn after(&self) -> &'a str {
        self.text[self.span().end..].trim_start()
    }

    fn links(&self) -> impl Iterator<Item = Link> + '_ {
        let count = self.groups.len() - 1;
        self.groups.iter().take(count).map(|group| group.link)
    }

    /// Tells what it is, if it is somebody's.
    fn mark(&self) -> Option<Mark> {
        // The shortest is a local telephone number, the longest a card.
        if !(6..=19).contains(&self.digits.len()) {
            return None;
        }
        if self.is_in_a_word() {
            return None;
        }
        let signed = self.links().any(|link| link == Link::Sign);
        if signed {
            return self.is_passport().then_some(Mark::Passport);
        }
        // What carries the most certain sign comes first.
        [
            (self.is_card(), Mark::Card),
            (self.is_iin(), Mark::Iin),
            (self.is_snils(), Mark::Snils),
            (self.is_phone(), Mark::Phone),
            (self.is_passport(), Mark::Passport),
            (self.is_inn(), Mark::Inn),
        ]
        .into_iter()
        .find_map(|(is, mark)| is.then_some(mark))
    }

    /// Tells whether Latin letters touch it: a name of a version, a hash, a number of an order, but not a passport of Kazakhstan.
    fn is_in_a_word(&self) -> bool {
        let touches =
            |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphabetic() || letter == '_');
        let after = self.text[self.span().end..].chars().next();
        touches(after) || (touches(self.before().chars().next_back()) && !self.letter_of_passport())
    }

    /// Tells whether only spaces and dashes part its groups.
    fn is_spaced(&self) -> bool {
        self.links().all(|link| matches!(link, Link::Space | Link::Dash))
    }

    /// Tells whether one of the words before it is one of these, or begins with one that ends with `*`.
    fn said(&self, words: &[&str]) -> bool {
        let before = self.before();
        let start = before.char_indices().rev().nth(CONTEXT).map_or(0, |(at, _)| at);
        let near = before[start..].to_lowercase();
        let told = |word: &str| {
            words.iter().any(|wanted| match wanted.strip_suffix('*') {
                Some(stem) => word.starts_with(stem),
                None => word == *wanted,
            })
        };
        near.split(|letter: char| !letter.is_alphabetic()).any(told)
    }

    /// Tells whether it is a sum or a quantity.
    fn is_amount(&self) -> bool {
        const UNITS: [&str; 36] = [
            "руб",
            "тенге",
            "теңге",
            "тг",
            "₽",
            "₸",
            "$",
            "€",
            "долл",
            "евро",
            "тыс",
            "мың",
            "млн",
            "млрд",
            "милл",
            "%",
            "проц",
            "пайыз",
            "коп",
            "тиын",
            "мрп",
            "аек",
            "кв",
            "га",
            "м²",
            "тонн",
            "чел",
            "адам",
            "един",
            "штук",
            "дана",
            "tenge",
            "rub",
            "usd",
            "kzt",
            "dollar",
        ];
        let after = self.after().to_lowercase();
        UNITS.iter().any(|unit| after.starts_with(unit))
            || self.said_last(&[
                "размере",
                "сумму",
                "сумма",
                "сумме",
                "amount",
                "сомасы",
                "мөлшерінде",
            ])
    }

    fn said_last(&self, words: &[&str]) -> bool {
        let before = self.before().to_lowercase();
        let last = before.split_whitespace().next_back().unwrap_or_default();
        words.contains(&last.trim_matches(|letter: char| !letter.is_alphabetic()))
    }

    /// Tells whether it stands after the sign of a document's number.
    fn is_numbered(&self) -> bool {
        let before = self.before().trim_end();
        before.ends_with('№') || before.ends_with(" N") || before.ends_with(" n") || before.ends_with("No.")
    }

    fn is_card(&self) -> bool {
        let shaped = matches!(
            self.shape[..],
            [15 | 16 | 18 | 19] | [4, 4, 4, 4 | 7] | [4, 6, 5] | [4, 4, 4, 4, 2 | 3] | [8, 8]
        );
        let said = || self.said(&["карт*", "card*", "visa", "mastercard", "мир", "төлем*"]);
        // Issuers of ISO/IEC 7812: 3 travel, 4 to 6 banks, 2200 to 2720 Mir and Mastercard, 8600 and 9860 of Uzbekistan.
        let issued = match self.digits.get(..4).and_then(|four| four.parse().ok()) {
            Some(four) => matches!(four, 2200..=2720 | 3000..=6999 | 8600 | 9860_u32),
            None => false,
        };
        let length = self.digits.len();
        self.is_spaced()
            && ((shaped && issued && checks::luhn(&self.digits))
                || (matches!(length, 13 | 15 | 16 | 18 | 19) && said()))
    }

    fn is_iin(&self) -> bool {
        let said = || self.said(&["иин", "жсн", "iin", "бин", "бсн"]);
        let shaped = matches!(
            self.shape[..],
            [12] | [6, 6] | [4, 4, 4] | [3, 3, 3, 3] | [6, 1, 5] | [2, 2, 2, 6]
        );
        let right = || shaped && checks::iin(&self.digits) && !self.is_amount();
        self.digits.len() == 12 && self.is_spaced() && (right() || said())
    }

    fn is_snils(&self) -> bool {
        if self.digits.len() != 11 || !self.is_spaced() {
            return false;
        }
        let said = || self.said(&["снилс*", "snils"]);
        let right = || checks::snils(&self.digits);
        let dashed = || self.links().take(2).all(|link| link == Link::Dash);
        match self.shape[..] {
            [3, 3, 3, 2] => said() || right() || dashed(),
            [11] | [9, 2] => said() || (right() && !self.is_amount() && !self.is_numbered()),
            _ => said(),
        }
    }

    fn is_inn(&self) -> bool {
        let right = match self.digits.len() {
            10 => checks::inn10(&self.digits),
            12 => checks::inn12(&self.digits),
            _ => return false,
        };
        if self.is_spaced() && self.said(&["инн", "inn", "стн", "tin"]) {
            return true;
        }
        right
            && self.shape.len() == 1
            && !self.digits.ends_with("000")
            && !self.is_amount()
            && !self.is_numbered()
    }

    fn is_phone(&self) -> bool {
        // Half a number with a fraction is none: «8.701» has only dots where all have.
        let dots = self.links().filter(|&link| link == Link::Dot).count();
        if dots > 0 && dots + 1 < self.groups.len() {
            return false;
        }
        let before = self.before();
        let plus = before.trim_end_matches('(').ends_with('+');
        let length = self.digits.len();
        let first = self.digits.as_bytes()[0];
        if plus {
            let whole = if first == b'7' {
                length == 11
            } else {
                (8..=14).contains(&length)
            };
            return whole && first != b'0' && !self.is_amount();
        }
        let second = self.digits.as_bytes()[1];
        let trunk = matches!(first, b'7' | b'8') && matches!(second, b'3'..=b'9') && length == 11;
        if trunk && !self.is_amount() {
            let marked = self
                .links()
                .any(|link| matches!(link, Link::Dash | Link::Bracket));
            let shaped = match self.shape[..] {
                // The trunk digit stands by itself or is joined to the code of three to five digits.
                [11]
                | [1, 3, 3, 2, 2]
                | [1, 3, 7]
                | [1, 10]
                | [1, 3, 2, 2, 3]
                | [1, 4, 2, 2, 2]
                | [1, 4, 3, 3]
                | [1, 4, 6]
                | [1, 5, 5]
                | [4, 3, 2, 2]
                | [4, 7]
                | [4, 2, 2, 3]
                | [5, 2, 2, 2]
                | [5, 6] => true,
                // A row of round numbers would look the same.
                [1, 3, 3, 4] | [4, 3, 4] => marked || !self.digits.ends_with("00"),
                [1, code, ..] => code >= 3 && marked && self.shape[1..].iter().all(|&part| part >= 2),
                _ => false,
            };
            return shaped;
        }
        // From abroad: 00 and the code of the country.
        let abroad = self.digits.starts_with("00") && matches!(self.shape[0], 2 | 4..);
        if abroad && (11..=15).contains(&length) && self.shape.len() > 2 {
            return !self.is_amount() && !self.is_numbered();
        }
        let said = || {
            self.said(&[
                "тел",
                "телефон*",
                "моб",
                "мобильн*",
                "сотов*",
                "сотка",
                "звон*",
                "позвон*",
                "перезвон*",
                "номер*",
                "ватсап*",
                "вотсап*",
                "whatsapp",
                "ұялы",
                "нөмір*",
                "қоңырау",
                "хабарлас*",
                "phone",
                "call",
                "mobile",
                "cell",
                "number",
                "text",
            ])
        };
        let bracketed = before.ends_with('(') && self.links().next() == Some(Link::Bracket);
        let dashed = self.links().any(|link| link == Link::Dash);
        let trunkless = matches!(first, b'3'..=b'9') && length == 10 && !self.is_amount();
        match self.shape[..] {
            [3, 3, 2, 2] | [3, 3, 4] | [3, 7] | [4, 2, 2, 2] | [3, 2, 2, 3] => {
                trunkless && (bracketed || said() || (dashed && self.shape[..] == [3, 3, 2, 2]))
            }
            [10] => trunkless && matches!(first, b'7' | b'9') && said(),
            [2 | 3, 2, 2] => {
                self.links().all(|link| link == Link::Dash)
                    && self.said(&["тел", "телефон*", "звон*", "позвон*", "phone", "call"])
            }
            _ => false,
        }
    }

    /// Tells whether the letter of a passport of Kazakhstan stands before it: `N12345678`, in either script.
    fn letter_of_passport(&self) -> bool {
        let mut before = self.before().chars().rev();
        self.shape[..] == [8]
            && matches!(before.next(), Some('N' | 'n' | 'Н' | 'н'))
            && before.next().is_none_or(|letter| !letter.is_alphanumeric())
            && !self.after().starts_with(['-', '/'])
    }

    fn is_passport(&self) -> bool {
        if self.letter_of_passport() {
            return true;
        }
        let said = || self.said(&["паспорт*", "сери*", "passport*", "төлқұжат*", "паспор*"]);
        let card = || self.said(&["удостоверен*", "удв", "куәлі*", "id", "identity"]);
        match self.shape[..] {
            // In a series written as one, a year would look the same.
            [4, 6] => {
                said() || (!self.digits.starts_with("19") && !self.digits.starts_with("20") && self.is_bare())
            }
            [2, 2, 6] => said() || self.is_bare(),
            [10] | [2, 7] => said(),
            [9] => said() || card(),
            [8] => said() && self.before().trim_end().ends_with(['N', 'Н', '№']),
            _ => false,
        }
    }

    /// Tells whether only spaces part its groups, and nothing says that it is a number of another kind.
    fn is_bare(&self) -> bool {
        self.links().all(|link| link == Link::Space)
            && !self.digits.starts_with("00")
            && !self.digits.ends_with("000")
            && !self.is_amount()
            && !self.is_numbered()
    }
}
