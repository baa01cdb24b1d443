//! Words of a document that nobody sees, kept apart from its text: they are a way to plant instructions, and who keeps the
//! documents should see what was planted.
//!
//! Owns how runs become pieces, how much is kept, and the sentences about it. Which words are hidden is for the reader of each
//! format to tell.

use docent_corpus::HiddenText;

use crate::tidy::{Repairs, clean};

/// Bytes kept of one document: a long chapter; what goes beyond is counted.
const MAX_BYTES: usize = 256 << 10;

/// Characters shown in the sentence about it: enough to tell an order from a forgotten draft.
const SHOWN_CHARS: usize = 80;

/// Hidden words while a document is read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hidden {
    pieces: Vec<HiddenText>,
    /// Whether the next words go on from the last ones.
    going: bool,
    bytes: usize,
    characters: usize,
    parts: Vec<String>,
}

impl Hidden {
    /// Adds words; they go on from those added before unless [`Hidden::part`] stood between them.
    pub(crate) fn add(&mut self, page: Option<u32>, words: &str) {
        self.characters += words.chars().filter(|one| !one.is_whitespace()).count();
        let words = &words[..words.floor_char_boundary(MAX_BYTES - self.bytes)];
        match self.pieces.last_mut().filter(|_| self.going) {
            Some(last) => last.text.push_str(words),
            None if words.trim().is_empty() => return,
            None => {
                let text = words.to_owned();
                self.pieces.push(HiddenText { page, text });
                self.going = true;
            }
        }
        self.bytes += words.len();
    }

    /// Ends a piece: seen words or the end of a paragraph come next.
    pub(crate) fn part(&mut self) {
        self.going = false;
    }

    /// Adds a paragraph by itself.
    pub(crate) fn add_whole(&mut self, page: Option<u32>, words: &str) {
        self.part();
        self.add(page, words);
        self.part();
    }

    /// Notes in a sentence that a whole part of the document is hidden.
    pub(crate) fn tell(&mut self, sentence: String) {
        self.parts.push(sentence);
    }

    /// Adds what was hidden in a part of the document.
    pub(crate) fn append(&mut self, other: Self) {
        for mut piece in other.pieces {
            let room = piece.text.floor_char_boundary(MAX_BYTES - self.bytes);
            piece.text.truncate(room);
            self.bytes += piece.text.len();
            self.pieces.push(piece);
        }
        self.characters += other.characters;
        self.parts.extend(other.parts);
        self.going = false;
    }

    /// Tells on which page all of it stands, or that pages turned out not to be known.
    pub(crate) fn set_page(&mut self, page: Option<u32>) {
        self.pieces.iter_mut().for_each(|piece| piece.page = page);
    }

    /// Returns the pieces, cleaned as text is, and the sentences about them.
    pub(crate) fn done(self) -> (Vec<HiddenText>, Vec<String>) {
        let mut pieces = Vec::new();
        for HiddenText { page, text } in self.pieces {
            // What is mended in it is nobody's concern.
            let text = clean(&text, &mut Repairs::default());
            if !text.trim().is_empty() {
                pieces.push(HiddenText { page, text });
            }
        }
        let mut sentences = self.parts;
        if self.characters > 0 {
            let characters = self.characters;
            let begins = pieces.first().map(|piece| shown(&piece.text)).unwrap_or_default();
            sentences.push(format!("Hidden text left out, characters: {characters}{begins}."));
        }
        (pieces, sentences)
    }
}

/// Returns how a text begins, as the end of a sentence.
fn shown(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let front: String = words.chars().take(SHOWN_CHARS).collect();
    let more = if front.len() < words.len() { "…" } else { "" };
    format!("; it begins «{front}{more}»")
}
