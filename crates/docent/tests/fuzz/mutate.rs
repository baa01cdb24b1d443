//! Changes of a file at random, with its structure in mind.
//!
//! A change of a packed byte mostly breaks the packing and nothing behind it is reached; so members of packages and streams of
//! compound files are changed inside and packed anew.

use std::io::{Cursor, Read, Write};

use crate::seeds::Seed;

/// Numbers from a seed (the generator is `SplitMix64`): the same seed, the same run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below `end`, 0 when there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        if end == 0 {
            0
        } else {
            (self.next() % end as u64) as usize
        }
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// A file like `seed`, but changed.
pub(crate) fn mutate(random: &mut Random, seed: &Seed, all: &[Seed]) -> Vec<u8> {
    let other = &random.of(all).bytes;
    let inside = !random.one_in(4);
    let changed = match &seed.bytes[..] {
        bytes if inside && bytes.starts_with(b"PK") => package(random, bytes, other),
        bytes if inside && bytes.starts_with(&[0xd0, 0xcf]) => compound(random, bytes, other),
        _ => None,
    };
    changed.unwrap_or_else(|| {
        let mut bytes = seed.bytes.clone();
        change_often(random, &mut bytes, other);
        bytes
    })
}

fn package(random: &mut Random, bytes: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut members = Vec::new();
    for at in 0..archive.len() {
        let mut member = archive.by_index(at).ok()?;
        let mut content = Vec::new();
        member.read_to_end(&mut content).ok()?;
        members.push((member.name().ok()?.into_owned(), content));
    }
    for _ in 0..=random.below(2) {
        let at = random.below(members.len());
        match random.below(12) {
            0 if members.len() > 1 => drop(members.remove(at)),
            1 => {
                let from = random.below(members.len());
                let copy = members[from].1.clone();
                members[at].1 = copy;
            }
            _ => change_often(random, &mut members[at].1, other),
        }
    }
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        // Two members of one name do not go into a package.
        if writer
            .start_file(name, zip::write::SimpleFileOptions::default())
            .is_ok()
        {
            writer.write_all(&content).ok()?;
        }
    }
    Some(writer.finish().ok()?.into_inner())
}

fn compound(random: &mut Random, bytes: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes.to_vec())).ok()?;
    let streams: Vec<_> = file
        .walk()
        .filter(cfb::Entry::is_stream)
        .map(|entry| entry.path().to_owned())
        .collect();
    for _ in 0..=random.below(2) {
        let path = random.of(&streams);
        let mut content = Vec::new();
        file.open_stream(path).ok()?.read_to_end(&mut content).ok()?;
        change_often(random, &mut content, other);
        let mut stream = file.create_stream(path).ok()?;
        stream.write_all(&content).ok()?;
        stream.flush().ok()?;
    }
    file.flush().ok()?;
    Some(file.into_inner().into_inner())
}

fn change_often(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    // Mostly one change, sometimes many.
    let times = 1 << random.below(5);
    for _ in 0..times {
        change(random, bytes, other);
    }
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    /// A file that grows beyond this tells nothing that a smaller one does not.
    const MOST: usize = 4 << 20;
    const NUMBERS: [&str; 9] = [
        "0",
        "-1",
        "1",
        "255",
        "65536",
        "2147483647",
        "4294967295",
        "99999999999999999999",
        "1e308",
    ];
    const WORDS: [u32; 8] = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff];
    const TOKENS: [&str; 18] = [
        "<",
        ">",
        "</w:p>",
        "<table>",
        "<td colspan=9999>",
        "<!--",
        "<![CDATA[",
        "&#0;",
        "&lt;",
        "{\\",
        "}",
        "\\u-1?",
        "[",
        "(",
        "\u{0}",
        "\u{301}",
        "obj <<",
        "endstream",
    ];
    let length = bytes.len();
    let at = random.below(length);
    let magnitude = random.below(10);
    let span = 1 + random.below(1 << magnitude);
    let end = (at + span).min(length);
    match random.below(12) {
        0 if length > 0 => bytes[at] ^= 1 << random.below(8),
        1 if length > 0 => bytes[at] = *random.of(&[0, 1, 0x20, 0x7f, 0x80, 0xff, b'<', b'"']),
        2 => drop(bytes.drain(at..end)),
        3 => {
            let piece = bytes[at..end].to_vec();
            let to = random.below(length);
            bytes.splice(to..to, piece);
        }
        4 => {
            // Many times in a row: nesting and loops.
            let piece = bytes[at..end].to_vec();
            let times = 1 << random.below(14);
            if piece.len() * times + length <= MOST {
                let many = piece.repeat(times);
                bytes.splice(at..at, many);
            }
        }
        5 if random.one_in(3) => bytes.truncate(at),
        6 => {
            let from = random.below(other.len());
            let piece = &other[from..(from + span).min(other.len())];
            bytes.splice(at..end, piece.iter().copied());
        }
        7 | 8 => {
            // A number in figures becomes another one.
            let digit = bytes[at..]
                .iter()
                .position(u8::is_ascii_digit)
                .map(|found| at + found);
            if let Some(from) = digit {
                let digits = bytes[from..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_digit())
                    .count();
                bytes.splice(from..from + digits, random.of(&NUMBERS).bytes());
            }
        }
        9 if at + 4 <= length => {
            let word = random.of(&WORDS).to_le_bytes();
            let size = *random.of(&[2, 4]);
            bytes[at..at + size].copy_from_slice(&word[..size]);
        }
        10 => drop(bytes.splice(at..at, random.of(&TOKENS).bytes())),
        _ => {
            // A tag, or what stands between two, in another place.
            let tag = bytes[at..]
                .iter()
                .position(|&byte| byte == b'<')
                .map(|found| at + found);
            if let Some(from) = tag {
                let size = bytes[from..]
                    .iter()
                    .position(|&byte| byte == b'>')
                    .map_or(1, |found| found + 1);
                let piece: Vec<u8> = bytes.drain(from..from + size).collect();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
        }
    }
}
