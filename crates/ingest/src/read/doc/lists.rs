//! Numbers of a DOC's lists, which Word counts and does not store.

use std::collections::HashMap;

use super::super::docx::{MARKER_CHARS, drawn};
use super::super::ole::{u8_at, u16_at, u32_at, utf16};

/// Word has nine levels.
const LEVELS: usize = 9;

/// Lists of one document: Word allows 2,000 or so.
const MAX_LISTS: usize = 4_096;

#[derive(Debug, Clone, Default)]
struct Level {
    start: u32,
    form: u8,
    /// Characters below nine stand for the number of that level.
    pattern: String,
}

/// The lists of a document and where each counter stands.
#[derive(Debug, Default)]
pub(super) struct Lists {
    definitions: HashMap<u32, Vec<Level>>,
    /// Definition of each list that paragraphs name, from 1.
    named: Vec<u32>,
    counters: HashMap<u32, [u32; LEVELS]>,
}

impl Lists {
    /// Reads the definitions, which go on behind their declared length, and the lists that use them.
    pub(super) fn parse(definitions: &[u8], named: &[u8]) -> Self {
        let mut lists = Self::default();
        lists.define(definitions);
        let count = u32_at(named, 0).unwrap_or(0) as usize;
        lists.named = (0..count.min(MAX_LISTS))
            .map_while(|number| u32_at(named, 4 + number * 16))
            .collect();
        lists
    }

    fn define(&mut self, bytes: &[u8]) -> Option<()> {
        const HEAD_BYTES: usize = 28;
        let count = usize::from(u16_at(bytes, 0)?).min(MAX_LISTS);
        let mut at = 2 + count * HEAD_BYTES;
        for number in 0..count {
            let head = 2 + number * HEAD_BYTES;
            let id = u32_at(bytes, head)?;
            let simple = u8_at(bytes, head + 26)? & 1 == 1;
            let mut levels = Vec::new();
            for _ in 0..if simple { 1 } else { LEVELS } {
                let (runs, paras) = (u8_at(bytes, at + 24)?, u8_at(bytes, at + 25)?);
                let text = at + HEAD_BYTES + usize::from(runs) + usize::from(paras);
                let chars = usize::from(u16_at(bytes, text)?);
                let shown = chars.min(MARKER_CHARS);
                levels.push(Level {
                    start: u32_at(bytes, at)?,
                    form: u8_at(bytes, at + 4)?,
                    pattern: utf16(bytes.get(text + 2..text + 2 + shown * 2)?),
                });
                at = text + 2 + chars * 2;
            }
            self.definitions.insert(id, levels);
        }
        Some(())
    }

    /// Counts one more item of a list and returns its marker, or nothing when the list is not defined.
    pub(super) fn next(&mut self, list: u16, level: u8) -> Option<String> {
        const BULLET: u8 = 23;
        const NONE: u8 = 255;
        let id = *self.named.get(usize::from(list).checked_sub(1)?)?;
        let levels = self.definitions.get(&id)?;
        let at = usize::from(level).min(levels.len().checked_sub(1)?);
        let counters = self.counters.entry(id).or_insert([0; LEVELS]);
        counters[at] = if counters[at] == 0 {
            levels[at].start.max(1)
        } else {
            counters[at].saturating_add(1)
        };
        counters[at + 1..].fill(0);
        match levels[at].form {
            BULLET => return Some("•".to_owned()),
            NONE => return Some(String::new()),
            _ => {}
        }
        let mut marker = String::new();
        for letter in levels[at].pattern.chars() {
            match (letter as usize, levels.get(letter as usize)) {
                (number @ 0..LEVELS, Some(level)) => {
                    let form = match level.form {
                        1 => "upperRoman",
                        2 => "lowerRoman",
                        3 => "upperLetter",
                        4 => "lowerLetter",
                        22 => "decimalZero",
                        58 => "russianLower",
                        59 => "russianUpper",
                        _ => "decimal",
                    };
                    // Levels above that had no item of their own yet stand at their start.
                    let counter = match counters[number] {
                        0 => level.start.max(1),
                        counter => counter,
                    };
                    marker.push_str(&drawn(form, counter));
                }
                _ => marker.push(letter),
            }
        }
        Some(marker.trim().to_owned())
    }
}
