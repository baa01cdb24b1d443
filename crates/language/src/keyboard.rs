//! What was typed with the wrong layout of the keyboard, and in Latin letters for want of Cyrillic ones.
//!
//! Owns the tables. Which reading is meant is decided by those who know the words of the documents.

use std::sync::LazyLock;

/// The keys of a keyboard from left to right, by layout: US English, Russian, Kazakh (the Russian one with its own letters in
/// the row of digits).
const ENGLISH: &str = "`qwertyuiop[]asdfghjkl;'zxcvbnm,.";
const RUSSIAN: &str = "ёйцукенгшщзхъфывапролджэячсмитьбю";
const KAZAKH_KEYS: &str = "2345890-=";
const KAZAKH: &str = "әіңғүұқөһ";

/// Shifted keys that give another sign and not the capital of the same one.
const SHIFTED: &str = "~{}:\"<>";
const SHIFTED_RUSSIAN: &str = "ёхъжэбю";

fn mapped(letter: char, from: &str, to: &str) -> Option<char> {
    let at = from.chars().position(|key| key == letter)?;
    to.chars().nth(at)
}

/// Returns what the keys pressed for `text` give with the other layouts: Russian and Kazakh for Latin letters, English for
/// Cyrillic ones. Signs that are letters in the other layout become letters; case is dropped.
pub fn other_layouts(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let latin = lower.chars().filter(char::is_ascii_alphabetic).count();
    let cyrillic = lower
        .chars()
        .filter(|letter| !letter.is_ascii() && letter.is_alphabetic())
        .count();
    let typed = |each: &dyn Fn(char) -> Option<char>| -> String {
        lower
            .chars()
            .map(|letter| each(letter).unwrap_or(letter))
            .collect()
    };
    if latin > cyrillic {
        let russian =
            |letter| mapped(letter, ENGLISH, RUSSIAN).or_else(|| mapped(letter, SHIFTED, SHIFTED_RUSSIAN));
        let kazakh = |letter| mapped(letter, KAZAKH_KEYS, KAZAKH).or_else(|| russian(letter));
        let mut found = vec![typed(&russian)];
        if lower.contains(|letter| KAZAKH_KEYS.contains(letter)) {
            found.push(typed(&kazakh));
        }
        found
    } else {
        vec![typed(&|letter| {
            mapped(letter, RUSSIAN, ENGLISH).or_else(|| mapped(letter, KAZAKH, KAZAKH_KEYS))
        })]
    }
}

/// Where a letter lies: layout, row from above, key from the left.
type Key = Option<(u8, u8, u8)>;

/// The first letter of the table behind the ASCII ones, and how many letters follow it.
const FIRST_CYRILLIC: u32 = 'а' as u32;
const CYRILLIC: usize = 32;

/// The keys of the letters of both layouts: looked up for every pair of letters of two words that are compared.
static KEYS: LazyLock<[Key; 128 + CYRILLIC]> = LazyLock::new(|| {
    const ROWS: [[&str; 3]; 2] = [
        ["qwertyuiop", "asdfghjkl", "zxcvbnm"],
        ["йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"],
    ];
    let mut keys = [None; 128 + CYRILLIC];
    for (layout, rows) in (0..).zip(ROWS) {
        for (row, letters) in (0..).zip(rows) {
            for (at, letter) in (0..).zip(letters.chars()) {
                if let Some(key) = place(letter).and_then(|place| keys.get_mut(place)) {
                    *key = Some((layout, row, at));
                }
            }
        }
    }
    keys
});

/// Returns where a letter stands in [`KEYS`], if it does.
fn place(letter: char) -> Option<usize> {
    if letter.is_ascii() {
        return Some(letter as usize);
    }
    let at = (letter as u32).checked_sub(FIRST_CYRILLIC)? as usize;
    (at < CYRILLIC).then_some(128 + at)
}

/// Tells whether two letters lie on neighbouring keys of one layout: what is easily struck for one another.
pub fn are_neighbours(one: char, other: char) -> bool {
    let key = |letter| place(letter).and_then(|at| KEYS[at]);
    let (Some(one), Some(other)) = (key(one), key(other)) else {
        return false;
    };
    if one.0 != other.0 {
        return false;
    }
    // Each row lies half a key to the right of the one above.
    let (upper, lower) = if one.1 <= other.1 {
        (one, other)
    } else {
        (other, one)
    };
    match lower.1 - upper.1 {
        0 => upper.2.abs_diff(lower.2) == 1,
        1 => lower.2 == upper.2 || lower.2 + 1 == upper.2,
        _ => false,
    }
}

/// Latin spellings with the Cyrillic letters they may stand for, the likeliest first: the union of the tables in use
/// (GOST 7.79 B, GOST 52535 and ICAO of passports, BGN/PCGN, ISO 9 without marks, the habits of chats).
const SPELLINGS: [(&str, &[&str]); 60] = [
    ("shch", &["щ"]),
    ("sch", &["щ", "сч"]),
    ("shh", &["щ"]),
    ("yo", &["е", "ье", "йо"]),
    ("jo", &["е", "йо"]),
    ("io", &["ио", "е"]),
    ("yu", &["ю", "ью"]),
    ("ju", &["ю"]),
    ("iu", &["ю", "иу"]),
    ("ya", &["я", "ья", "ъя"]),
    ("ja", &["я"]),
    ("ia", &["ия", "я", "иа"]),
    ("ye", &["е", "ые", "ье"]),
    ("je", &["е", "э", "ье"]),
    ("ie", &["ие", "ье", "е"]),
    ("iy", &["ий", "ы"]),
    ("ij", &["ий"]),
    ("yj", &["ый"]),
    ("yy", &["ый"]),
    ("yi", &["ый", "ыи", "йи"]),
    ("ii", &["ии", "ий"]),
    ("zh", &["ж", "зх"]),
    ("kh", &["х"]),
    ("ts", &["ц", "тс"]),
    ("tc", &["ц", "тц"]),
    ("cz", &["ц"]),
    ("ch", &["ч"]),
    ("sh", &["ш"]),
    ("eh", &["э", "ех"]),
    ("ks", &["кс"]),
    ("''", &["ъ"]),
    ("'", &["ь", "ъ", ""]),
    ("`", &["ь", ""]),
    ("a", &["а"]),
    ("b", &["б"]),
    ("c", &["ц", "к", "с"]),
    ("d", &["д", "дь"]),
    ("e", &["е", "э", "ъе"]),
    ("f", &["ф"]),
    ("g", &["г"]),
    ("h", &["х", "г"]),
    ("i", &["и", "й", "ы"]),
    ("j", &["й", "ж", "дж"]),
    ("k", &["к"]),
    ("l", &["л", "ль"]),
    ("m", &["м", "мь"]),
    ("n", &["н", "нь"]),
    ("o", &["о"]),
    ("p", &["п"]),
    ("q", &["к", "щ"]),
    ("r", &["р", "рь"]),
    ("s", &["с", "сь"]),
    ("t", &["т", "ть"]),
    ("u", &["у"]),
    ("v", &["в", "вь"]),
    ("w", &["в", "ш", "щ"]),
    ("x", &["кс", "х"]),
    ("y", &["ы", "й", "ий", "и"]),
    ("z", &["з", "зь"]),
    ("4", &["ч"]),
];

/// Steps of the search for one word: readings are told apart by a few letters, and a word without any is given up.
const MOST_STEPS: usize = 4_000;

/// Returns the readings of a Latin word in Cyrillic letters that `may_begin` lets grow and `is_word` accepts, the likeliest
/// first; at most one when `is_word` is content with it.
///
/// `may_begin` is asked about ever longer beginnings, and what it refuses is not followed further, so that a word of many
/// readings costs little.
pub fn from_latin(
    word: &str,
    may_begin: impl Fn(&str) -> bool,
    is_word: impl Fn(&str) -> bool,
) -> Option<String> {
    let word = word.to_lowercase();
    let mut steps = 0;
    let mut stack: Vec<(usize, String)> = vec![(0, String::new())];
    while let Some((at, read)) = stack.pop() {
        steps += 1;
        if steps > MOST_STEPS {
            return None;
        }
        let rest = &word[at..];
        let Some(first) = rest.chars().next() else {
            if is_word(&read) {
                return Some(read);
            }
            continue;
        };
        if !read.is_empty() && !may_begin(&read) {
            continue;
        }
        let mut next: Vec<(usize, String)> = Vec::new();
        for (latin, letters) in SPELLINGS.iter().filter(|(latin, _)| rest.starts_with(latin)) {
            next.extend(
                letters
                    .iter()
                    .map(|letters| (at + latin.len(), format!("{read}{letters}"))),
            );
        }
        if next.is_empty() {
            next.push((at + first.len_utf8(), format!("{read}{first}")));
        }
        // Behind a consonant «y» is a vowel, behind a vowel or at the start it is not one.
        let after = read.chars().next_back();
        let consonant = after.is_some_and(|letter| !"аеиоуыэюя".contains(letter));
        let fits = |letters: &str| consonant == letters.starts_with('ы');
        if rest.starts_with('y') {
            next.sort_by_key(|(at, text)| (usize::MAX - at, !fits(&text[read.len()..])));
        }
        // The likeliest is looked at first.
        stack.extend(next.into_iter().rev());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_give_the_other_layouts() {
        assert_eq!(other_layouts("Ghbdtn"), ["привет"]);
        assert_eq!(other_layouts("ye;yj ghjtrn?"), ["нужно проект?"]);
        assert_eq!(other_layouts("рудз"), ["help"]);
        assert_eq!(other_layouts(";fkf0s")[1], "жалақы");
    }

    #[test]
    fn neighbouring_keys_are_known() {
        assert!(are_neighbours('а', 'п') && are_neighbours('к', 'а') && are_neighbours('e', 'r'));
        assert!(!are_neighbours('а', 'ю') && !are_neighbours('q', 'p') && !are_neighbours('а', 'а'));
    }

    #[test]
    fn latin_letters_are_read_by_any_table() {
        let words = [
            "выйти",
            "проекта",
            "большой",
            "подъезд",
            "детский",
            "объявление",
            "юрист",
            "жилье",
            "щетка",
        ];
        let read = |latin: &str| {
            from_latin(
                latin,
                |start| words.iter().any(|word| word.starts_with(start)),
                |word| words.contains(&word),
            )
        };
        for (latin, word) in [
            ("vyyti", "выйти"),
            ("vyjti", "выйти"),
            ("vyiti", "выйти"),
            ("proekta", "проекта"),
            ("bolshoi", "большой"),
            ("bol'shoj", "большой"),
            ("podezd", "подъезд"),
            ("detskiy", "детский"),
            ("obyavlenie", "объявление"),
            ("iurist", "юрист"),
            ("zhilyo", "жилье"),
            ("shchetka", "щетка"),
        ] {
            assert_eq!(read(latin).as_deref(), Some(word), "{latin}");
        }
        assert_eq!(read("kubernetes"), None);
    }
}
