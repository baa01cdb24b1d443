//! When the ink of an office document shows nothing: letters in the colour of paper, and letters too small to be read.
//!
//! Owns the two limits, so that every format judges alike. Whether white letters stand on a ground of their own is for each
//! format to say.

/// From here on a part of a colour, of 255, is that of paper: lighter greys leave no trace that a person would follow.
const PAPER: u8 = 0xf0;

/// Letters of at most this many half points are read by nobody: the smallest print of a contract has eight.
pub(super) const TINY_HALF_POINTS: u32 = 2;

/// Tells whether a colour is that of paper.
pub(super) fn is_paper(red: u8, green: u8, blue: u8) -> bool {
    red >= PAPER && green >= PAPER && blue >= PAPER
}

/// Reads a colour written as «FFFFFF» or «#ffffff»; tells whether it is that of paper. Nothing for a word such as «auto».
pub(super) fn is_paper_hex(colour: &str) -> Option<bool> {
    let digits = colour.trim().trim_start_matches('#');
    let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (digits.len() == 6).then_some(())?;
    Some(is_paper(part(0)?, part(2)?, part(4)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_and_what_nobody_tells_from_it_is_paper() {
        for (colour, paper) in [
            ("FFFFFF", Some(true)),
            ("#fefefe", Some(true)),
            ("D9D9D9", Some(false)),
            ("FFFF00", Some(false)),
            ("auto", None),
            ("", None),
        ] {
            assert_eq!(is_paper_hex(colour), paper, "{colour}");
        }
    }
}
