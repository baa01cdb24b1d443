//! Directions of the passages of one assistant, and how near a question is to each.
//!
//! Owns two files beside the segments, one for texts and one for headings, in the numbering of [`crate::Index`]. A direction
//! is the sum of the directions of the words, each by its weight; nearness is the cosine after the mean of all passages
//! has been taken off both, since what all passages of a library have in common tells none from another. Invariant: a row depends
//! on its text and on the words alone, so a passage that stands is taken over from the generation before.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Cursor, Read, Seek, SeekFrom, Write};
use std::path::Path;

use docent_corpus::{BlockKind, Passage};
use docent_language::{detect, tokens};
use tantivy::TantivyError;
use tantivy::directory::{Directory, MmapDirectory, OwnedBytes};

use super::words::Words;
use super::{HEADINGS, STEP, TEXTS, f32_at, hash64, length, quantised, u32_at, u64_at};

/// The last number of a file; another one means another layout.
const MARK: u32 = 0x646f_7601;

/// Bytes of the end: rows, numbers in a row, identity of the words (8), mark.
const FOOT: usize = 20;

/// The whole numbers of a question: fine beside those of a row, and 1,024 products of both stay below 2^31.
const FINE: f32 = 8_191.0;

/// What a text and a heading that say exactly what is asked add to the score, beside at most about 1 for the words: chosen on
/// the development sets, where 0.05 to 0.2 for either does much the same and more harms questions in the words of the documents.
const TEXT: f32 = 0.1;
const HEADING: f32 = 0.1;

/// The directions of an assistant's passages.
pub(crate) struct Vectors {
    texts: Table,
    headings: Table,
}

/// Rows of one kind: numbers of all rows, then for each row what one whole number is, the length without the mean, and the
/// hash of its text; the mean.
struct Table {
    bytes: OwnedBytes,
    rows: usize,
    width: usize,
    id: u64,
}

/// A table being written, row by row.
struct Rows<'a, F> {
    file: F,
    words: &'a Words,
    old: Option<(&'a Table, HashMap<u64, usize>)>,
    steps: Vec<f32>,
    keys: Vec<u64>,
    sum: Vec<f64>,
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

fn unit(mut vector: Vec<f32>) -> Option<Vec<f32>> {
    let length = length(&vector);
    for part in &mut vector {
        *part /= length;
    }
    (length > 0.0 && length.is_finite()).then_some(vector)
}

/// The lines of a passage that say something.
fn lines(passage: &Passage) -> impl Iterator<Item = &str> {
    let lines = passage.lead.iter().chain(&passage.lines);
    lines
        .filter(|line| line.kind != BlockKind::Remark)
        .map(|line| line.text.as_str())
}

/// The innermost heading of a passage. A title is none: what a whole document is about says little of a passage.
fn heading(passage: &Passage) -> &str {
    passage.headings.last().map_or("", |heading| heading)
}

impl<'a, F: Read + Write + Seek> Rows<'a, F> {
    fn new(file: F, words: &'a Words, old: Option<&'a Table>) -> Self {
        let old = old.filter(|old| old.id == words.id() && old.width == words.width());
        Self {
            file,
            words,
            old: old.map(|old| (old, (0..old.rows).map(|row| (old.key(row), row)).collect())),
            steps: Vec::new(),
            keys: Vec::new(),
            sum: vec![0.0; words.width()],
        }
    }

    fn put<'t>(&mut self, key: u64, texts: impl Iterator<Item = &'t str>) -> std::io::Result<()> {
        let width = self.words.width();
        let known = self
            .old
            .as_ref()
            .and_then(|(old, keys)| Some((*old, *keys.get(&key)?)));
        let made;
        let (row, step) = if let Some((old, row)) = known {
            (old.row(row), old.step(row))
        } else {
            made = direction(self.words, texts)
                .map_or_else(|| (vec![0; width], 0.0), |unit| quantised(&unit, width));
            (made.0.as_slice(), made.1)
        };
        for (sum, part) in self.sum.iter_mut().zip(row) {
            *sum += f64::from(step * f32::from(part.cast_signed()));
        }
        self.steps.push(step);
        self.keys.push(key);
        self.file.write_all(row)
    }

    /// Takes the mean off and writes what is left to be known of each row.
    fn finish(mut self) -> std::io::Result<F> {
        let width = self.words.width();
        let told = self.steps.iter().filter(|&&step| step > 0.0).count().max(1);
        let mean: Vec<f32> = self.sum.iter().map(|sum| (sum / told as f64) as f32).collect();
        let square = mean.iter().map(|part| part * part).sum::<f32>();
        self.file.seek(SeekFrom::Start(0))?;
        let mut norms = Vec::with_capacity(self.steps.len());
        let mut row = vec![0; width];
        let mut rows = BufReader::new(&mut self.file);
        for &step in &self.steps {
            rows.read_exact(&mut row)?;
            let parts = row.iter().map(|part| step * f32::from(part.cast_signed()));
            let own: f32 = parts.clone().map(|part| part * part).sum();
            let along: f32 = parts.zip(&mean).map(|(part, mean)| part * mean).sum();
            norms.push((own - 2.0 * along + square).max(0.0).sqrt());
        }
        self.file.seek(SeekFrom::End(0))?;
        let mut out = BufWriter::new(&mut self.file);
        for number in self.steps.iter().chain(&norms) {
            out.write_all(&number.to_le_bytes())?;
        }
        for key in &self.keys {
            out.write_all(&key.to_le_bytes())?;
        }
        for part in &mean {
            out.write_all(&part.to_le_bytes())?;
        }
        for number in [self.steps.len() as u32, width as u32] {
            out.write_all(&number.to_le_bytes())?;
        }
        out.write_all(&self.words.id().to_le_bytes())?;
        out.write_all(&MARK.to_le_bytes())?;
        out.flush()?;
        drop(out);
        Ok(self.file)
    }
}

impl Table {
    fn of(bytes: OwnedBytes) -> Option<Self> {
        let foot = bytes.len().checked_sub(FOOT)?;
        let (rows, width) = (u32_at(&bytes, foot) as usize, u32_at(&bytes, foot + 4) as usize);
        let id = u64_at(&bytes, foot + 8);
        let whole = rows
            .checked_mul(width.checked_add(16)?)?
            .checked_add(4 * width + FOOT)?;
        let is_one = u32_at(&bytes, foot + 16) == MARK && whole == bytes.len() && width.is_multiple_of(STEP);
        is_one.then_some(Self {
            bytes,
            rows,
            width,
            id,
        })
    }

    fn open(folder: &Path, name: &str) -> tantivy::Result<Self> {
        let directory = MmapDirectory::open(folder)?;
        let bytes = directory.open_read(Path::new(name))?.read_bytes()?;
        Self::of(bytes).ok_or_else(|| TantivyError::InternalError(format!("the file {name} is broken")))
    }

    fn row(&self, row: usize) -> &[u8] {
        self.bytes
            .get(row * self.width..(row + 1) * self.width)
            .unwrap_or_default()
    }

    fn step(&self, row: usize) -> f32 {
        f32_at(&self.bytes, self.rows * self.width + 4 * row)
    }

    fn norm(&self, row: usize) -> f32 {
        f32_at(&self.bytes, self.rows * (self.width + 4) + 4 * row)
    }

    fn key(&self, row: usize) -> u64 {
        u64_at(&self.bytes, self.rows * (self.width + 8) + 8 * row)
    }

    fn mean(&self) -> Vec<f32> {
        let at = self.rows * (self.width + 16);
        (0..self.width)
            .map(|part| f32_at(&self.bytes, at + 4 * part))
            .collect()
    }

    /// Returns the cosine of a direction and each row, the mean taken off both.
    fn nearness(&self, asked: &[f32]) -> Option<Vec<f32>> {
        let mean = self.mean();
        let asked = unit(asked.iter().zip(&mean).map(|(part, mean)| part - mean).collect())?;
        let along: f32 = asked.iter().zip(&mean).map(|(part, mean)| part * mean).sum();
        let most = asked.iter().fold(0.0f32, |most, part| most.max(part.abs()));
        let step = most / FINE;
        let asked: Vec<i16> = asked.iter().map(|part| (part / step).round() as i16).collect();
        let rows = (0..self.rows).map(|row| {
            let (own, norm) = (self.step(row), self.norm(row));
            if own > 0.0 && norm > 0.0 {
                (step * own * dot(&asked, self.row(row)) as f32 - along) / norm
            } else {
                0.0
            }
        });
        Some(rows.collect())
    }
}

/// Adds up the products, in as many sums as a processor has at once: a third faster than in one.
fn dot(asked: &[i16], row: &[u8]) -> i32 {
    let mut sums = [0i32; STEP];
    for (asked, row) in asked.chunks_exact(STEP).zip(row.chunks_exact(STEP)) {
        for ((sum, &one), &other) in sums.iter_mut().zip(asked).zip(row) {
            *sum += i32::from(one) * i32::from(other.cast_signed());
        }
    }
    sums.iter().sum()
}

impl Vectors {
    fn rows<F: Read + Write + Seek>(
        words: &Words,
        old: Option<&Self>,
        files: (F, F),
        sections: &[u32],
        stored: impl Fn(u32) -> tantivy::Result<Vec<u8>>,
    ) -> tantivy::Result<(F, F)> {
        let mut texts = Rows::new(files.0, words, old.map(|old| &old.texts));
        let mut heads = Rows::new(files.1, words, old.map(|old| &old.headings));
        for (number, &section) in (0u32..).zip(sections) {
            let bytes = stored(number)?;
            let passage = crate::entry::decode(&bytes)
                .ok_or_else(|| TantivyError::InternalError("a stored passage cannot be read".to_owned()))?;
            texts.put(hash64(&[&bytes]), lines(&passage))?;
            if section as usize == heads.steps.len() {
                let own = heading(&passage);
                heads.put(hash64(&[own.as_bytes()]), std::iter::once(own))?;
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
        let of =
            |table: &Table, rows| (table.id, table.width, table.rows) == (words.id(), words.width(), rows);
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
        let mut rows = Rows::new(Cursor::new(Vec::new()), &words, None);
        for name in &names[1..] {
            rows.put(0, std::iter::once(*name)).unwrap();
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
