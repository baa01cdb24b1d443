//! Reading files of word vectors.
//!
//! Owns the formats: navec (a tar of a list of words and of product-quantised vectors; github.com/natasha/navec) and the text
//! form that word2vec and fastText share. Vectors come one by one, so that a file of any size takes little memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::GzDecoder;

use super::WordsError;

/// Dimensions of the widest vectors in use, and some.
const DIMENSIONS: usize = 1_024;

/// Words of the longest list in use are 4 million.
const LISTED: usize = 8_000_000;

/// Unpacked list of words: 8 million of them.
const LIST_BYTES: u64 = 256 << 20;

/// A word with its vector: 1,024 numbers of up to 24 characters and a word.
const LINE_BYTES: u64 = 32 << 10;

const BLOCK: u64 = 512;

/// A file of word vectors being read.
pub(super) struct Source {
    form: Form,
    pub(super) dimensions: usize,
}

enum Form {
    Navec(Box<Navec>),
    Text { lines: BufReader<File>, left: usize },
}

struct Navec {
    /// The words and how often each was seen, backwards.
    words: Vec<(String, u32)>,
    /// For each word a row of numbers of pieces.
    rows: BufReader<File>,
    parts: usize,
    pieces: usize,
    codes: Vec<f32>,
}

/// One word of a file.
pub(super) struct Word {
    pub(super) text: String,
    pub(super) vector: Vec<f32>,
    /// How often it was seen where the vectors were learned; nothing where the order of the file tells it.
    pub(super) seen: Option<u32>,
}

fn broken(what: impl Into<String>) -> WordsError {
    WordsError::Format(what.into())
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, WordsError> {
        let mut file = File::open(path)?;
        let mut head = Vec::new();
        (&mut file).take(BLOCK).read_to_end(&mut head)?;
        file.rewind()?;
        if head.starts_with(&[0x1f, 0x8b]) {
            return Err(broken("it is packed with gzip, unpack it first"));
        }
        if head.get(257..262) == Some(b"ustar") || head.starts_with(b"meta.json\0") {
            return Self::navec(path, file);
        }
        let mut lines = BufReader::new(file);
        let mut line = Vec::new();
        (&mut lines).take(BLOCK).read_until(b'\n', &mut line)?;
        let numbers: Option<Vec<usize>> = std::str::from_utf8(&line)
            .ok()
            .filter(|line| line.ends_with('\n'))
            .and_then(|line| {
                line.split_whitespace()
                    .map(|number| number.parse().ok())
                    .collect()
            });
        let Some(&[words, dimensions]) = numbers.as_deref() else {
            return Err(broken("it is none of the known forms of word vectors"));
        };
        check(words, dimensions)?;
        Ok(Self {
            form: Form::Text { lines, left: words },
            dimensions,
        })
    }

    fn navec(path: &Path, mut file: File) -> Result<Self, WordsError> {
        let members = members(&mut file)?;
        let member = |name: &str| {
            let found = members.iter().find(|(other, ..)| other == name);
            found.ok_or_else(|| broken(format!("the tar has no {name}, so it is not navec")))
        };
        let &(_, at, bytes) = member("vocab.bin")?;
        file.seek(SeekFrom::Start(at))?;
        let mut list = Vec::new();
        GzDecoder::new((&mut file).take(bytes))
            .take(LIST_BYTES + 1)
            .read_to_end(&mut list)?;
        if list.len() as u64 > LIST_BYTES {
            return Err(broken("its list of words is too long"));
        }
        let words = listed(&list).ok_or_else(|| broken("its list of words (vocab.bin) is damaged"))?;
        let &(_, at, bytes) = member("pq.bin")?;
        let mut rows = File::open(path)?;
        rows.seek(SeekFrom::Start(at))?;
        let mut head = [0; 16];
        rows.read_exact(&mut head)?;
        let number = |nth: usize| super::u32_at(&head, 4 * nth) as usize;
        let (vectors, dimensions, parts, pieces) = (number(0), number(1), number(2), number(3));
        check(vectors, dimensions)?;
        let fits = parts > 0
            && dimensions.is_multiple_of(parts)
            && (1..=256).contains(&pieces)
            && vectors == words.len()
            && bytes == 16 + (vectors * parts + 4 * pieces * dimensions) as u64;
        if !fits {
            return Err(broken(
                "its vectors (pq.bin) are damaged or of another version of navec",
            ));
        }
        file.seek(SeekFrom::Start(at + 16 + (vectors * parts) as u64))?;
        let mut codes = vec![0; 4 * pieces * dimensions];
        file.read_exact(&mut codes)?;
        let codes: Vec<f32> = (0..pieces * dimensions)
            .map(|nth| super::f32_at(&codes, 4 * nth))
            .collect();
        if codes.iter().any(|code| !code.is_finite()) {
            return Err(broken("its vectors (pq.bin) hold what is no number"));
        }
        Ok(Self {
            form: Form::Navec(Box::new(Navec {
                words: words.into_iter().rev().collect(),
                rows: BufReader::new(rows),
                parts,
                pieces,
                codes,
            })),
            dimensions,
        })
    }

    /// Returns how many words the file has.
    pub(super) fn words(&self) -> usize {
        match &self.form {
            Form::Navec(navec) => navec.words.len(),
            Form::Text { left, .. } => *left,
        }
    }

    /// Returns how often a word must have been seen to be among the `most` frequent ones; 0 where the order tells.
    pub(super) fn floor(&self, most: usize) -> u32 {
        let Form::Navec(navec) = &self.form else { return 0 };
        if navec.words.len() <= most {
            return 0;
        }
        let mut seen: Vec<u32> = navec.words.iter().map(|word| word.1).collect();
        seen.sort_unstable_by_key(|&seen| std::cmp::Reverse(seen));
        seen.get(most).map_or(0, |&next| next.saturating_add(1))
    }

    /// Reads the next word; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<Word>, WordsError> {
        let dimensions = self.dimensions;
        match &mut self.form {
            Form::Navec(navec) => navec.next(dimensions),
            Form::Text { lines, left } => {
                if *left == 0 {
                    return Ok(None);
                }
                *left -= 1;
                let mut line = Vec::new();
                lines.take(LINE_BYTES).read_until(b'\n', &mut line)?;
                if line.is_empty() {
                    // Some lists end earlier than their first line says.
                    return Ok(None);
                }
                parsed(&String::from_utf8_lossy(&line), dimensions).map(Some)
            }
        }
    }
}

impl Navec {
    fn next(&mut self, dimensions: usize) -> Result<Option<Word>, WordsError> {
        let Some((word, seen)) = self.words.pop() else {
            return Ok(None);
        };
        let mut row = vec![0; self.parts];
        self.rows.read_exact(&mut row)?;
        let width = dimensions / self.parts;
        let mut vector = Vec::with_capacity(dimensions);
        for (part, &piece) in row.iter().enumerate() {
            let at = (part * self.pieces + usize::from(piece)) * width;
            let piece = (usize::from(piece) < self.pieces).then(|| self.codes.get(at..at + width));
            vector.extend(
                piece
                    .flatten()
                    .ok_or_else(|| broken("its vectors (pq.bin) are damaged"))?,
            );
        }
        Ok(Some(Word {
            text: word,
            vector,
            seen: Some(seen),
        }))
    }
}

fn check(words: usize, dimensions: usize) -> Result<(), WordsError> {
    if words == 0 || words > LISTED {
        return Err(broken(format!("it has {words} words, 1 to {LISTED} are taken")));
    }
    if dimensions == 0 || dimensions > DIMENSIONS {
        return Err(broken(format!(
            "its vectors have {dimensions} dimensions, 1 to {DIMENSIONS} are taken"
        )));
    }
    Ok(())
}

/// Reads a line of the text form: a word, which may hold spaces, and its numbers.
fn parsed(line: &str, dimensions: usize) -> Result<Word, WordsError> {
    let wrong = || {
        let word: String = line.chars().take(20).collect();
        broken(format!(
            "the line «{}…» has not {dimensions} numbers",
            word.trim_end()
        ))
    };
    let mut fields = line.trim_end().rsplitn(dimensions + 1, ' ');
    let mut vector = Vec::with_capacity(dimensions);
    for field in fields.by_ref().take(dimensions) {
        let number: f32 = field.parse().map_err(|_| wrong())?;
        vector.push(
            Some(number)
                .filter(|number| number.is_finite())
                .ok_or_else(wrong)?,
        );
    }
    vector.reverse();
    let word = fields.next().ok_or_else(wrong)?;
    Ok(Word {
        text: word.to_owned(),
        vector,
        seen: None,
    })
}

/// Reads navec's list: how many words, how often each was seen, the words in lines.
fn listed(list: &[u8]) -> Option<Vec<(String, u32)>> {
    let count = super::u32_at(list, 0) as usize;
    let names = list.get(4 + 4 * count..)?;
    let names = std::str::from_utf8(names).ok()?;
    let words: Vec<(String, u32)> = names
        .lines()
        .enumerate()
        .map(|(nth, word)| (word.to_owned(), super::u32_at(list, 4 + 4 * nth)))
        .collect();
    (count > 0 && words.len() == count).then_some(words)
}

/// Returns the members of a tar: name, where its bytes begin, how many they are.
fn members(file: &mut File) -> Result<Vec<(String, u64, u64)>, WordsError> {
    /// navec has three.
    const MOST: usize = 64;
    let mut found = Vec::new();
    let mut at = 0;
    let all = file.metadata()?.len();
    while found.len() < MOST {
        let mut head = [0; BLOCK as usize];
        file.seek(SeekFrom::Start(at))?;
        match file.read_exact(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            done => done?,
        }
        let name = head[..100].split(|&byte| byte == 0).next().unwrap_or_default();
        if name.is_empty() {
            break;
        }
        let size = std::str::from_utf8(&head[124..136])
            .ok()
            .map(|size| size.trim_matches([' ', '\0']))
            .and_then(|size| u64::from_str_radix(size, 8).ok())
            .filter(|size| *size <= all)
            .ok_or_else(|| broken("the tar is damaged"))?;
        found.push((String::from_utf8_lossy(name).into_owned(), at + BLOCK, size));
        at += BLOCK + size.div_ceil(BLOCK) * BLOCK;
    }
    Ok(found)
}
