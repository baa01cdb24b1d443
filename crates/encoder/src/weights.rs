//! `model.safetensors`: tensors by name, widened to `f32` as they are read.
//!
//! Owns the format (github.com/huggingface/safetensors: the length of a JSON head, the head, the numbers) and its checks: the
//! file is untrusted, no place outside it is read. What is not asked for is not read; a table of words stays on disk, where
//! single rows are taken from it.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::EncoderError;

/// The longest head: the format allows no longer one.
const HEAD_BYTES: u64 = 100_000_000;

/// Numbers are widened in parts of this many bytes.
const PART: usize = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    F32,
    F16,
    Bf16,
}

impl Kind {
    fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    fn widen(self, bytes: &[u8], into: &mut Vec<f32>) {
        let halves = || {
            bytes
                .chunks_exact(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        };
        match self {
            Self::F32 => into.extend(
                bytes
                    .chunks_exact(4)
                    .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])),
            ),
            Self::Bf16 => into.extend(halves().map(|half| f32::from_bits(u32::from(half) << 16))),
            Self::F16 => into.extend(halves().map(widened)),
        }
    }
}

/// Returns a number of 16 bits (IEEE 754 binary16) as one of 32.
fn widened(half: u16) -> f32 {
    let sign = u32::from(half >> 15) << 31;
    let (power, rest) = (u32::from(half >> 10 & 0x1f), u32::from(half & 0x3ff));
    let size = match power {
        0 => return f32::from_bits(sign | (rest as f32 / 16_777_216.0).to_bits()),
        0x1f => 0xff << 23 | rest << 13,
        _ => (power + 112) << 23 | rest << 13,
    };
    f32::from_bits(sign | size)
}

#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (u64, u64),
}

/// An open file of weights.
#[derive(Debug)]
pub(crate) struct Weights {
    path: PathBuf,
    file: File,
    tensors: HashMap<String, Tensor>,
    /// What stands before every name of this file.
    prefix: String,
}

/// Where a tensor is.
#[derive(Debug, Clone)]
struct Tensor {
    kind: Option<Kind>,
    shape: Vec<usize>,
    at: u64,
    bytes: u64,
}

impl Weights {
    /// Opens a file; `anchor` is the end of a name by which the names' common beginning is found.
    pub(crate) fn open(path: &Path, anchor: &str) -> Result<Self, EncoderError> {
        let unreadable = EncoderError::file(path);
        let unfit = |what: &str| EncoderError::unfit(path, what);
        let file = File::open(path).map_err(&unreadable)?;
        let size = file.metadata().map_err(&unreadable)?.len();
        let mut eight = [0; 8];
        let short = |_| unfit("it is no safetensors file");
        file.read_exact_at(&mut eight, 0).map_err(short)?;
        let length = u64::from_le_bytes(eight);
        if length > HEAD_BYTES || length > size - 8 {
            return Err(unfit("it is no safetensors file, or was cut short"));
        }
        let mut head = vec![0; length as usize];
        file.read_exact_at(&mut head, 8).map_err(&unreadable)?;
        let head: HashMap<String, serde_json::Value> =
            serde_json::from_slice(&head).map_err(EncoderError::json(path))?;
        let data = 8 + length;
        let mut tensors = HashMap::new();
        for (name, value) in head {
            if name == "__metadata__" {
                continue;
            }
            let Entry {
                dtype,
                shape,
                data_offsets: (start, end),
            } = serde_json::from_value(value).map_err(EncoderError::json(path))?;
            if start > end || end > size - data {
                return Err(unfit(&format!("it was cut short: {name} is not all there")));
            }
            let kind = match dtype.as_str() {
                "F32" => Some(Kind::F32),
                "F16" => Some(Kind::F16),
                "BF16" => Some(Kind::Bf16),
                // Counters and the like, which nobody asks for.
                _ => None,
            };
            let numbers = shape.iter().try_fold(1usize, |all, side| all.checked_mul(*side));
            let wanted = kind
                .zip(numbers)
                .and_then(|(kind, numbers)| numbers.checked_mul(kind.bytes()));
            if kind.is_some() && wanted.map(|wanted| wanted as u64) != Some(end - start) {
                return Err(unfit(&format!("{name} has not the size that its shape says")));
            }
            let (at, bytes) = (data + start, end - start);
            tensors.insert(
                name,
                Tensor {
                    kind,
                    shape,
                    at,
                    bytes,
                },
            );
        }
        let found = tensors
            .keys()
            .filter_map(|name| name.strip_suffix(anchor))
            .min_by_key(|one| one.len());
        let prefix = found
            .ok_or_else(|| unfit(&format!("it has no {anchor}")))?
            .to_owned();
        Ok(Self {
            path: path.to_owned(),
            file,
            tensors,
            prefix,
        })
    }

    fn tensor(&self, name: &str) -> Result<&Tensor, EncoderError> {
        let name = format!("{}{name}", self.prefix);
        let found = self.tensors.get(&name);
        found.ok_or_else(|| EncoderError::unfit(&self.path, format!("it has no {name}")))
    }

    /// Tells whether there is such a tensor.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(&format!("{}{name}", self.prefix))
    }

    /// Returns the numbers of a tensor, which must have this shape.
    pub(crate) fn numbers(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, EncoderError> {
        let (tensor, kind) = self.checked(name, shape)?;
        let mut numbers = Vec::with_capacity(tensor.bytes as usize / kind.bytes());
        let mut part = vec![0; PART];
        let mut at = 0;
        while at < tensor.bytes {
            let bytes = (tensor.bytes - at).min(PART as u64) as usize;
            self.file
                .read_exact_at(&mut part[..bytes], tensor.at + at)
                .map_err(EncoderError::file(&self.path))?;
            kind.widen(&part[..bytes], &mut numbers);
            at += bytes as u64;
        }
        if numbers.iter().all(|number| number.is_finite()) {
            return Ok(numbers);
        }
        Err(EncoderError::unfit(
            &self.path,
            format!("{name} holds what is no number"),
        ))
    }

    fn checked(&self, name: &str, shape: &[usize]) -> Result<(&Tensor, Kind), EncoderError> {
        let tensor = self.tensor(name)?;
        let unfit = |what| EncoderError::unfit(&self.path, format!("{name} {what}"));
        if tensor.shape != shape {
            return Err(unfit(format!(
                "has the shape {:?}; config.json says {shape:?}",
                tensor.shape
            )));
        }
        let kind = tensor
            .kind
            .ok_or_else(|| unfit("has numbers of another kind than F32, F16 and BF16".to_owned()))?;
        Ok((tensor, kind))
    }

    /// Leaves a table of rows on disk.
    pub(crate) fn table(self, name: &str, wide: usize) -> Result<Table, EncoderError> {
        let rows = self.tensor(name)?.shape.first().copied().unwrap_or(0);
        let (tensor, kind) = self.checked(name, &[rows, wide])?;
        let at = tensor.at;
        Ok(Table {
            path: self.path,
            file: self.file,
            kind,
            at,
            rows,
            wide,
        })
    }
}

/// A table of rows on disk: a text takes a few hundred rows of a table that may have a gigabyte, and the system keeps in memory
/// those that are used.
#[derive(Debug)]
pub(crate) struct Table {
    path: PathBuf,
    file: File,
    kind: Kind,
    at: u64,
    rows: usize,
    wide: usize,
}

impl Table {
    /// Returns how many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Adds a row to the end of `into`.
    pub(crate) fn read(&self, row: usize, into: &mut Vec<f32>) -> Result<(), EncoderError> {
        if row >= self.rows {
            let what = format!(
                "the tokeniser has a word number {row}, the weights know {}",
                self.rows
            );
            return Err(EncoderError::unfit(&self.path, what));
        }
        let bytes = self.wide * self.kind.bytes();
        let mut read = vec![0; bytes];
        self.file
            .read_exact_at(&mut read, self.at + (row * bytes) as u64)
            .map_err(EncoderError::file(&self.path))?;
        self.kind.widen(&read, into);
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what is exact is compared exactly")]
mod tests {
    use super::*;

    #[test]
    fn halves_are_widened_as_the_standard_has_them() {
        for (half, wanted) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65_504.0),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x8400, -6.103_515_6e-5),
        ] {
            assert_eq!(widened(half), wanted, "{half:#x}");
        }
        assert!(widened(0x7c00).is_infinite() && widened(0x7e00).is_nan());
        let mut wide = Vec::new();
        Kind::Bf16.widen(&[0x80, 0x3f, 0x00, 0xc0], &mut wide);
        assert_eq!(wide, [1.0, -2.0]);
    }
}
