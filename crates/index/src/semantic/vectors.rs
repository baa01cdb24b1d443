//! Directions of the passages of one assistant by the words in them, and how near a question is to each.
//!
//! Owns two tables beside the segments, one for texts and one for headings, in the numbering of [`crate::Index`]. A direction
//! is the sum of the directions of the words, each by its weight.

use std::fs::File;
use std::io::{Cursor, Read, Seek, Write};
use std::path::Path;

use docent_corpus::{BlockKind, Passage};
use docent_language::{detect, tokens};
use tantivy::TantivyError;
use tantivy::directory::OwnedBytes;

use super::table::{Rows, Table, unit};
use super::words::Words;
use super::{HEADINGS, TEXTS, hash64, quantised};

/// What a text and a heading that say exactly what is asked add to the score, beside at most about 1 for the words: chosen on
/// the development sets, where 0.05 to 0.2 for either does much the same and more harms questions in the words of the documents.
const TEXT: f32 = 0.1;
const HEADING: f32 = 0.1;

/// The directions of an assistant's passages.
pub(crate) struct Vectors {
    texts: Table,
    headings: Table,
}

/// Returns the direction of a text, of length 1; nothing when none of its words is known.
fn direction<'t>(words: &Words, texts: impl Iterator<Item = &'t str>) -> Option<Vec<f32>> {
    let mut sum = vec![0.0; words.width()];
    for text in texts {
        for token in tokens(text, detect(text)) {
            if !token.stop
                && !token.question
                && let Some(number) = words.find(&token.word)
            {
                words.add(number, words.weight(number), &mut sum);
            }
        }
    }
    unit(sum)
}

/// The same in whole numbers.
fn row<'t>(words: &Words, texts: impl Iterator<Item = &'t str>) -> Option<(Vec<u8>, f32)> {
    direction(words, texts).map(|unit| quantised(&unit, words.width()))
}

/// The lines of a passage that say something.
pub(super) fn lines(passage: &Passage) -> impl Iterator<Item = &str> {
    let lines = passage.lead.iter().chain(&passage.lines);
    lines
        .filter(|line| line.kind != BlockKind::Remark)
        .map(|line| line.text.as_str())
}

/// The innermost heading of a passage. A title is none: what a whole document is about says little of a passage.
fn heading(passage: &Passage) -> &str {
    passage.headings.last().map_or("", |heading| heading)
}

impl Vectors {
    fn rows<F: Read + Write + Seek>(
        words: &Words,
        old: Option<&Self>,
        files: (F, F),
        sections: &[u32],
        stored: impl Fn(u32) -> tantivy::Result<Vec<u8>>,
    ) -> tantivy::Result<(F, F)> {
        let (width, id) = (words.width(), words.id());
        let mut texts = Rows::new(files.0, width, id, old.map(|old| &old.texts));
        let mut heads = Rows::new(files.1, width, id, old.map(|old| &old.headings));
        for (number, &section) in (0u32..).zip(sections) {
            let bytes = stored(number)?;
            let passage = crate::entry::decode(&bytes)
                .ok_or_else(|| TantivyError::InternalError("a stored passage cannot be read".to_owned()))?;
            texts.put(hash64(&[&bytes]), || row(words, lines(&passage)))?;
            if section as usize == heads.len() {
                let own = heading(&passage);
                heads.put(hash64(&[own.as_bytes()]), || row(words, std::iter::once(own)))?;
            }
        }
        Ok((texts.finish()?, heads.finish()?))
    }

    /// Makes the vectors of passages in memory.
    pub(crate) fn build(
        words: &Words,
        sections: &[u32],
        stored: impl Fn(u32) -> tantivy::Result<Vec<u8>>,
    ) -> tantivy::Result<Self> {
        let files = (Cursor::new(Vec::new()), Cursor::new(Vec::new()));
        let (texts, headings) = Self::rows(words, None, files, sections, stored)?;
        let table = |file: Cursor<Vec<u8>>| {
            Table::of(OwnedBytes::new(file.into_inner()))
                .ok_or_else(|| TantivyError::InternalError("the vectors are broken".to_owned()))
        };
        Ok(Self {
            texts: table(texts)?,
            headings: table(headings)?,
        })
    }

    /// Writes the vectors of a folder of segments in place of those that are there, of which it takes what stands.
    pub(crate) fn write(
        folder: &Path,
        words: &Words,
        sections: &[u32],
        stored: impl Fn(u32) -> tantivy::Result<Vec<u8>>,
    ) -> tantivy::Result<()> {
        let old = Self::open(folder).ok();
        let new = |name: &str| {
            let path = folder.join(name).with_extension("new");
            File::options()
                .create(true)
                .truncate(true)
                .read(true)
                .write(true)
                .open(path)
        };
        let files = (new(TEXTS)?, new(HEADINGS)?);
        let (texts, headings) = Self::rows(words, old.as_ref(), files, sections, stored)?;
        for (file, name) in [(texts, TEXTS), (headings, HEADINGS)] {
            file.sync_all()?;
            let path = folder.join(name);
            std::fs::rename(path.with_extension("new"), path)?;
        }
        Ok(crate::disk::sync_folder(folder)?)
    }

    /// Removes the vectors of a folder.
    pub(crate) fn remove(folder: &Path) -> std::io::Result<()> {
        for name in [TEXTS, HEADINGS] {
            match std::fs::remove_file(folder.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Opens the vectors of a folder: mapped, not read.
    pub(crate) fn open(folder: &Path) -> tantivy::Result<Self> {
        Ok(Self {
            texts: Table::open(folder, TEXTS)?,
            headings: Table::open(folder, HEADINGS)?,
        })
    }

    /// Tells whether they are those of so many passages and sections, made with these words.
    pub(crate) fn fit(&self, words: &Words, passages: usize, sections: usize) -> bool {
        let of = |table: &Table, rows| table.is_of(words.id(), words.width()) && table.len() == rows;
        of(&self.texts, passages) && of(&self.headings, sections)
    }

    /// Returns what nearness adds to the score of each passage; nothing when no word of the question is known.
    pub(crate) fn gains<'q>(
        &self,
        words: &Words,
        asked: impl Iterator<Item = &'q str>,
        sections: &[u32],
    ) -> Option<Vec<f32>> {
        let asked = direction(words, asked)?;
        let (texts, headings) = (self.texts.nearness(&asked)?, self.headings.nearness(&asked)?);
        let gain = |(near, &section): (&f32, &u32)| TEXT * near + HEADING * headings[section as usize];
        Some(texts.iter().zip(sections).map(gain).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::WordsStamp;
    use super::*;

    #[test]
    fn nearness_is_the_cosine_without_the_mean() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.vec");
        // Pseudorandom by a linear congruential generator (Knuth).
        let mut state = 7u64;
        let mut part = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u32 << 24) as f32 - 0.3
        };
        let names = ["вода", "огонь", "ветер", "земля", "камень", "дерево"];
        let units: Vec<Vec<f32>> = names
            .iter()
            .map(|_| unit((0..20).map(|_| part()).collect()).unwrap())
            .collect();
        let line = |(name, unit): (&&str, &Vec<f32>)| {
            let numbers: Vec<String> = unit.iter().map(ToString::to_string).collect();
            format!("{name} {}\n", numbers.join(" "))
        };
        let lines: String = names.iter().zip(&units).map(line).collect();
        let text = format!("{} 20\n{lines}", names.len());
        std::fs::write(&path, text).unwrap();
        let mut bytes = Vec::new();
        assert!(Words::make(&path, WordsStamp::of(&path).unwrap(), &mut bytes).is_ok());
        let words = Words::of(OwnedBytes::new(bytes)).unwrap();
        let mut rows = Rows::new(Cursor::new(Vec::new()), words.width(), words.id(), None);
        for name in &names[1..] {
            rows.put(0, || row(&words, std::iter::once(*name))).unwrap();
        }
        let table = Table::of(OwnedBytes::new(rows.finish().unwrap().into_inner())).unwrap();
        let asked = direction(&words, std::iter::once(names[1])).unwrap();
        let got = table.nearness(&asked).unwrap();

        let mean: Vec<f32> = (0..20)
            .map(|at| units[1..].iter().map(|unit| unit[at]).sum::<f32>() / 5.0)
            .collect();
        let less = |one: &[f32]| unit(one.iter().zip(&mean).map(|(one, mean)| one - mean).collect()).unwrap();
        let asked = less(&units[1]);
        for (other, got) in units[1..].iter().zip(got) {
            let wanted: f32 = asked
                .iter()
                .zip(less(other))
                .map(|(one, other)| one * other)
                .sum();
            assert!((wanted - got).abs() < 0.01, "{wanted} {got}");
        }
    }
}
