//! Rows of whole numbers, one for each text, and how near a direction is to each.
//!
//! Owns the file: numbers of all rows, then for each row what one whole number is, the length without the mean, and the hash
//! of its text; the mean. Nearness is the cosine after the mean of all rows has been taken off both sides, since what all texts of a
//! library have in common tells none from another. Invariant: a row depends on its text and on what made it alone, so one
//! that stands is taken over from the generation before.

use std::collections::HashMap;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::OnceLock;

use tantivy::TantivyError;
use tantivy::directory::{Directory, MmapDirectory, OwnedBytes};

use super::{STEP, f32_at, length, u32_at, u64_at};

/// The last number of a file; another one means another layout.
const MARK: u32 = 0x646f_7601;

/// Bytes of the end: rows, numbers in a row, identity of the words (8), mark.
const FOOT: usize = 20;

/// The whole numbers of a question: fine beside those of a row, and 2,048 products of both stay below 2^31.
const FINE: f32 = 8_191.0;

/// The widest row: wider ones would need coarser questions.
pub(super) const WIDEST: usize = 2_048;

/// Rows up to which every one is compared. A hundred thousand of 384 numbers take some milliseconds on a core, so a question to so many
/// still costs less than encoding it; beyond, only rows whose sketch agrees with the question's are.
const EXACT: usize = 250_000;

/// Of how many rows one is compared beyond [`EXACT`].
const ONE_OF: usize = 20;

/// A file of rows: mapped, not read.
pub(super) struct Table {
    bytes: OwnedBytes,
    rows: usize,
    width: usize,
    id: u64,
    /// On which side of the mean each number of each row is, a bit for each (Charikar 2002); made when the first question comes that wants it.
    sketches: OnceLock<Vec<u64>>,
}

/// A table being written, row by row.
pub(super) struct Rows<'a, F> {
    file: F,
    width: usize,
    id: u64,
    old: Option<(&'a Table, HashMap<u64, usize>)>,
    steps: Vec<f32>,
    keys: Vec<u64>,
    sum: Vec<f64>,
}

/// Brings a direction to length 1; nothing when it has none.
pub(super) fn unit(mut vector: Vec<f32>) -> Option<Vec<f32>> {
    let length = length(&vector);
    for part in &mut vector {
        *part /= length;
    }
    (length > 0.0 && length.is_finite()).then_some(vector)
}

impl<'a, F: Read + Write + Seek> Rows<'a, F> {
    /// Begins a table of rows of `width` numbers; `id` tells what makes them, and rows of `old` that it made are taken over.
    pub(super) fn new(file: F, width: usize, id: u64, old: Option<&'a Table>) -> Self {
        let old = old.filter(|old| old.is_of(id, width));
        Self {
            file,
            width,
            id,
            old: old.map(|old| (old, old.keys())),
            steps: Vec::new(),
            keys: Vec::new(),
            sum: vec![0.0; width],
        }
    }

    /// Returns how many rows there are.
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    /// Adds the row of the text with this hash: the old one, or what `make` gives, the whole numbers and what one of them is.
    pub(super) fn put(
        &mut self,
        key: u64,
        make: impl FnOnce() -> Option<(Vec<u8>, f32)>,
    ) -> std::io::Result<()> {
        let width = self.width;
        let known = self
            .old
            .as_ref()
            .and_then(|(old, keys)| Some((*old, *keys.get(&key)?)));
        let made;
        let (row, step) = if let Some((old, row)) = known {
            (old.row(row), old.step(row))
        } else {
            made = make().unwrap_or_else(|| (vec![0; width], 0.0));
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
    pub(super) fn finish(mut self) -> std::io::Result<F> {
        let width = self.width;
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
        out.write_all(&self.id.to_le_bytes())?;
        out.write_all(&MARK.to_le_bytes())?;
        out.flush()?;
        drop(out);
        Ok(self.file)
    }
}

impl Table {
    /// Takes the bytes of such a file; nothing when they are not one.
    pub(super) fn of(bytes: OwnedBytes) -> Option<Self> {
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
            sketches: OnceLock::new(),
        })
    }

    /// Opens a file of a folder.
    pub(super) fn open(folder: &Path, name: &str) -> tantivy::Result<Self> {
        let directory = MmapDirectory::open(folder)?;
        let bytes = directory.open_read(Path::new(name))?.read_bytes()?;
        Self::of(bytes).ok_or_else(|| TantivyError::InternalError(format!("the file {name} is broken")))
    }

    /// Tells whether its rows were made by this and have this width.
    pub(super) fn is_of(&self, id: u64, width: usize) -> bool {
        (self.id, self.width) == (id, width)
    }

    /// Returns how many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows
    }

    /// Returns at which row each text stands, by its hash.
    pub(super) fn keys(&self) -> HashMap<u64, usize> {
        (0..self.rows).map(|row| (self.key(row), row)).collect()
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

    /// Returns the cosine of a direction and each row, the mean taken off both; 0, which is that of rows that have nothing to do with it,
    /// for most rows of a table of more than [`EXACT`].
    pub(super) fn nearness(&self, asked: &[f32]) -> Option<Vec<f32>> {
        self.nearness_among(asked, EXACT)
    }

    fn nearness_among(&self, asked: &[f32], exact: usize) -> Option<Vec<f32>> {
        let mean = self.mean();
        let asked = unit(asked.iter().zip(&mean).map(|(part, mean)| part - mean).collect())?;
        let along: f32 = asked.iter().zip(&mean).map(|(part, mean)| part * mean).sum();
        let most = asked.iter().fold(0.0f32, |most, part| most.max(part.abs()));
        let step = most / FINE;
        let fine: Vec<i16> = asked.iter().map(|part| (part / step).round() as i16).collect();
        let near = |row: usize| {
            let (own, norm) = (self.step(row), self.norm(row));
            if own > 0.0 && norm > 0.0 {
                (step * own * dot(&fine, self.row(row)) as f32 - along) / norm
            } else {
                0.0
            }
        };
        if self.rows <= exact {
            return Some((0..self.rows).map(near).collect());
        }
        let mut all = vec![0.0; self.rows];
        for row in self.agreeing(&asked, self.rows.div_ceil(ONE_OF)) {
            all[row] = near(row);
        }
        Some(all)
    }

    /// Returns the rows whose sketch agrees most with that of a direction: at least so many.
    fn agreeing(&self, asked: &[f32], wanted: usize) -> Vec<usize> {
        let words = self.width.div_ceil(64);
        let sketches = self.sketches.get_or_init(|| {
            let mean = self.mean();
            let mut all = Vec::with_capacity(self.rows * words);
            for row in 0..self.rows {
                let step = self.step(row);
                let parts = self.row(row).iter().zip(&mean);
                all.extend(sketch(
                    parts.map(|(part, mean)| step * f32::from(part.cast_signed()) > *mean),
                ));
            }
            all
        });
        let own: Vec<u64> = sketch(asked.iter().map(|part| *part > 0.0)).collect();
        let rows = sketches.chunks_exact(words);
        let differing: Vec<u16> = rows
            .map(|row| {
                let bits = row
                    .iter()
                    .zip(&own)
                    .map(|(one, other)| (one ^ other).count_ones());
                bits.sum::<u32>() as u16
            })
            .collect();
        let mut counts = vec![0usize; self.width + 1];
        for &bits in &differing {
            counts[usize::from(bits)] += 1;
        }
        let mut left = wanted;
        let far = counts.iter().position(|&count| {
            left = left.saturating_sub(count);
            left == 0
        });
        let far = far.unwrap_or(self.width);
        let rows = differing.iter().enumerate();
        rows.filter(|(_, bits)| usize::from(**bits) <= far)
            .map(|(row, _)| row)
            .collect()
    }
}

/// Packs bits, 64 in a number.
fn sketch(bits: impl Iterator<Item = bool>) -> impl Iterator<Item = u64> {
    let mut bits = bits.peekable();
    std::iter::from_fn(move || {
        bits.peek()?;
        let word = bits.by_ref().take(64).enumerate();
        Some(word.fold(0, |word, (at, bit)| word | u64::from(bit) << at))
    })
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

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::quantised;
    use super::*;

    /// Numbers in -1 to 1 without a pattern (splitmix64, Steele and others 2014).
    fn numbers(seed: u64) -> impl Iterator<Item = f32> {
        let mut state = seed;
        std::iter::from_fn(move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            Some((mixed >> 40) as f32 / (1u32 << 23) as f32 - 1.0)
        })
    }

    const WIDTH: usize = 384;

    /// Texts about 50 things, each in its own way, as texts of a library are.
    fn text(nth: u64) -> Vec<f32> {
        let about: Vec<f32> = numbers(nth % 50).take(WIDTH).collect();
        let own = numbers(1_000 + nth).take(WIDTH);
        unit(
            about
                .iter()
                .zip(own)
                .map(|(one, other)| one + 0.8 * other)
                .collect(),
        )
        .unwrap()
    }

    fn table(rows: u64) -> Table {
        let mut made = Rows::new(Cursor::new(Vec::new()), WIDTH, 1, None);
        for nth in 0..rows {
            made.put(nth, || Some(quantised(&text(nth), WIDTH))).unwrap();
        }
        Table::of(OwnedBytes::new(made.finish().unwrap().into_inner())).unwrap()
    }

    fn nearest(near: &[f32], count: usize) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..near.len()).collect();
        rows.sort_by(|&one, &other| near[other].total_cmp(&near[one]));
        rows.truncate(count);
        rows
    }

    #[test]
    fn beyond_the_limit_nearly_all_of_the_nearest_are_found_and_are_as_near_as_they_are() {
        let table = table(6_000);
        let (mut found, mut sought) = (0, 0);
        for nth in 0..40 {
            let own = numbers(7_000 + nth).take(WIDTH);
            let about = text(nth * 131);
            let asked: Vec<f32> = about
                .iter()
                .zip(own)
                .map(|(one, other)| one + 0.03 * other)
                .collect();
            let (exact, quick) = (
                table.nearness_among(&asked, usize::MAX).unwrap(),
                table.nearness_among(&asked, 0).unwrap(),
            );
            let compared = quick.iter().filter(|near| **near != 0.0).count();
            assert!(
                compared < exact.len() / ONE_OF * 3,
                "{compared} of {} compared",
                exact.len()
            );
            for row in nearest(&exact, 10) {
                sought += 1;
                found += usize::from((quick[row] - exact[row]).abs() < 1e-6);
            }
        }
        assert!(found * 100 >= sought * 98, "{found} of {sought}");
    }

    #[test]
    fn a_product_is_what_it_is() {
        let asked: Vec<i16> = (0..64).map(|at| (at * 509 % 16_383) as i16 - 8_191).collect();
        let row: Vec<u8> = (0..64).map(|at| (at * 37 % 256) as u8).collect();
        let expected = asked
            .iter()
            .zip(&row)
            .map(|(one, other)| i32::from(*one) * i32::from(other.cast_signed()));
        assert_eq!(dot(&asked, &row), expected.sum::<i32>());
    }
}
