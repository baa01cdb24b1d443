//! How the letters of an RTF are drawn, as far as it tells whether they are seen: the table of colours, and what a run says.

use super::super::ink::{TINY_HALF_POINTS, is_paper};

/// The colours that a file numbers: whether each is that of paper.
#[derive(Debug, Default)]
pub(super) struct Colours {
    list: Vec<bool>,
    next: [Option<i32>; 3],
}

/// Colours of one file: Word writes some dozens.
const MAX_COLOURS: usize = 10_000;

impl Colours {
    /// Takes a part of the colour being defined.
    pub(super) fn part(&mut self, word: &str, number: Option<i32>) {
        let at = ["red", "green", "blue"].iter().position(|part| *part == word);
        if let Some(at) = at {
            self.next[at] = number;
        }
    }

    /// Takes what stands between the parts; each semicolon ends a colour. The first one, without parts, is the usual one.
    pub(super) fn words(&mut self, words: &str) {
        for _ in words.matches(';') {
            let part = |at: usize| self.next[at].and_then(|part| u8::try_from(part).ok());
            let paper = match (part(0), part(1), part(2)) {
                (Some(red), Some(green), Some(blue)) => is_paper(red, green, blue),
                _ => false,
            };
            if self.list.len() < MAX_COLOURS {
                self.list.push(paper);
            }
            self.next = [None; 3];
        }
    }

    fn is_paper(&self, number: Option<i32>) -> bool {
        let number = number.and_then(|number| usize::try_from(number).ok());
        number.and_then(|number| self.list.get(number)) == Some(&true)
    }

    /// Tells whether a ground of this number differs from paper; number 0 is none.
    pub(super) fn is_ground(&self, number: Option<i32>) -> bool {
        number.is_some_and(|number| number > 0) && !self.is_paper(number)
    }
}

/// How letters are drawn.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ink {
    white: bool,
    tiny: bool,
    grounded: bool,
}

impl Ink {
    /// Takes a word that says how letters are drawn; tells whether it is one.
    pub(super) fn take(&mut self, word: &str, number: Option<i32>, colours: &Colours) -> bool {
        match word {
            "cf" => self.white = colours.is_paper(number),
            "cb" | "chcbpat" | "highlight" => self.grounded = colours.is_ground(number),
            "fs" => {
                let size = number.and_then(|size| u32::try_from(size).ok());
                self.tiny = size.is_some_and(|size| size <= TINY_HALF_POINTS);
            }
            _ => return false,
        }
        true
    }

    /// Tells whether letters show nothing, on paper or on another ground.
    pub(super) fn is_unseen(self, on_ground: bool) -> bool {
        self.tiny || self.white && !self.grounded && !on_ground
    }
}
