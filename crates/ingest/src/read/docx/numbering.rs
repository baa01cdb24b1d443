//! The numbers and bullets that Word generates and does not store in the text.
//!
//! Owns: definitions, levels, counters. Invariant: a paragraph gets the number that Word draws for the common formats
//! (decimal, letters, Roman); formats it does not know are drawn as decimal.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{attribute, local};

/// Word has nine levels.
const LEVELS: usize = 9;

/// Words around a number: «Статья 1.1.1.1.1.1.1.1.1.» is shorter.
pub(in crate::read) const MARKER_CHARS: usize = 64;

#[derive(Debug, Clone, Default)]
struct Level {
    format: String,
    /// `%1.%2)`: numbers of the levels between fixed text.
    pattern: String,
    start: u32,
}

/// The lists of a document and where each counter stands.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    definitions: HashMap<String, Vec<Level>>,
    lists: HashMap<String, String>,
    /// Lists that count for themselves, and where their levels start.
    restarts: HashMap<String, [u32; LEVELS]>,
    counters: HashMap<String, [u32; LEVELS]>,
}

impl Numbering {
    /// Reads `numbering.xml`; a broken rest is left out.
    pub(super) fn parse(xml: &str) -> Self {
        let mut numbering = Self::default();
        let mut reader = Reader::from_str(xml);
        let (mut definition, mut list) = (String::new(), None::<String>);
        let mut at = 0_usize;
        while let Ok(event) = reader.read_event() {
            match event {
                Event::Start(start) | Event::Empty(start) => {
                    let value = attribute(&start, "val").unwrap_or_default();
                    match local(&start).as_str() {
                        "abstractNum" => {
                            definition = attribute(&start, "abstractNumId").unwrap_or_default();
                            numbering
                                .definitions
                                .insert(definition.clone(), vec![Level::default(); LEVELS]);
                        }
                        "num" => list = attribute(&start, "numId"),
                        "abstractNumId" => {
                            if let Some(list) = &list {
                                numbering.lists.insert(list.clone(), value);
                            }
                        }
                        "lvlOverride" => {
                            at = attribute(&start, "ilvl")
                                .and_then(|level| level.parse().ok())
                                .unwrap_or(0);
                        }
                        "startOverride" => {
                            let first = value.parse().unwrap_or(1);
                            let restart = list
                                .clone()
                                .map(|list| numbering.restarts.entry(list).or_default());
                            if let Some(level) = restart.and_then(|levels| levels.get_mut(at)) {
                                *level = first;
                            }
                        }
                        "lvl" if list.is_none() => {
                            at = attribute(&start, "ilvl")
                                .and_then(|level| level.parse().ok())
                                .unwrap_or(0);
                        }
                        name @ ("numFmt" | "lvlText" | "start") if list.is_none() => {
                            let level = numbering
                                .definitions
                                .get_mut(&definition)
                                .and_then(|all| all.get_mut(at));
                            match (level, name) {
                                (Some(level), "numFmt") => level.format = value,
                                (Some(level), "lvlText") => {
                                    level.pattern = value.chars().take(MARKER_CHARS).collect();
                                }
                                (Some(level), _) => level.start = value.parse().unwrap_or(1),
                                (None, _) => {}
                            }
                        }
                        _ => {}
                    }
                }
                Event::End(end) if end.local_name().as_ref() == "num" => list = None,
                Event::Eof => break,
                _ => {}
            }
        }
        numbering
    }

    /// Counts one more item of a list and returns its marker, or nothing when the list is not defined.
    pub(super) fn next(&mut self, list: &str, level: u8) -> Option<String> {
        let definition = self.lists.get(list)?;
        let levels = self.definitions.get(definition)?;
        let at = usize::from(level).min(LEVELS - 1);
        // Lists of one definition count on together, unless one says where it starts.
        let restart = self.restarts.get(list);
        let key = if restart.is_some() {
            format!("list {list}")
        } else {
            definition.clone()
        };
        let counters = self.counters.entry(key).or_insert([0; LEVELS]);
        let start = restart
            .map(|starts| starts[at])
            .filter(|start| *start > 0)
            .unwrap_or(levels[at].start);
        counters[at] = if counters[at] == 0 {
            start.max(1)
        } else {
            counters[at].saturating_add(1)
        };
        counters[at + 1..].fill(0);
        if levels[at].format == "bullet" {
            return Some("-".to_owned());
        }
        if levels[at].format == "none" {
            return Some(String::new());
        }
        let mut marker = levels[at].pattern.clone();
        for (number, (counter, level)) in counters.iter().zip(levels).enumerate() {
            marker = marker.replace(
                &format!("%{}", number + 1),
                &drawn(&level.format, (*counter).max(1)),
            );
        }
        Some(marker.trim().to_owned())
    }
}

/// Writes a number in a format of Word.
pub(in crate::read) fn drawn(format: &str, number: u32) -> String {
    const RUSSIAN: &str = "абвгдежзиклмнопрстуфхцчшщэюя";
    let letter = |letters: &str| {
        let count = letters.chars().count();
        letters
            .chars()
            .nth((number as usize - 1) % count)
            .map(String::from)
            .unwrap_or_default()
    };
    match format {
        "russianLower" => letter(RUSSIAN),
        "russianUpper" => letter(RUSSIAN).to_uppercase(),
        "lowerLetter" => letter("abcdefghijklmnopqrstuvwxyz"),
        "upperLetter" => letter("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        "lowerRoman" => roman(number).to_lowercase(),
        "upperRoman" => roman(number),
        "decimalZero" => format!("{number:02}"),
        _ => number.to_string(),
    }
}

fn roman(number: u32) -> String {
    const SIGNS: [(u32, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    // Beyond this Roman numbers are a mistake, and long.
    let mut left = number.min(3999);
    let mut out = String::new();
    for (value, sign) in SIGNS {
        while left >= value {
            out.push_str(sign);
            left -= value;
        }
    }
    out
}
