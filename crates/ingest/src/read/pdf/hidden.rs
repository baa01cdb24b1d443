//! Letters of a PDF that nobody sees: white on white, a way to plant words that only a program reads.
//!
//! Owns the question whether a letter in the colour of paper stands on paper. Only a page that has such letters is drawn, at
//! few dots. Invariant: where that cannot be told — the page cannot be drawn, lies on its side — no letter is lost.

use pdf_oxide::layout::{Color, TextChar};

use super::render::{Lights, Renderer};

/// A letter at least this light is suspected: darker ones leave a trace for whoever looks.
const LIGHT: f32 = 0.92;

/// Dots that differ by this little of 255 look the same.
const SAME: u8 = 20;

/// Takes the letters out that nobody sees on the page at `number`, from 0; returns how many.
pub(super) fn take_out(letters: &mut Vec<TextChar>, renderer: &mut Renderer<'_>, number: usize) -> usize {
    if !letters.iter().any(is_suspect) {
        return 0;
    }
    let Some(lights) = renderer.lights(number) else {
        return 0;
    };
    let before = letters
        .iter()
        .filter(|letter| !letter.char.is_whitespace())
        .count();
    // A space shares the fate of the letter before it: it is drawn nowhere.
    let mut hidden = false;
    letters.retain(|letter| {
        if !letter.char.is_whitespace() {
            hidden = is_suspect(letter) && is_paper(letter, &lights);
        }
        !hidden
    });
    before
        - letters
            .iter()
            .filter(|letter| !letter.char.is_whitespace())
            .count()
}

fn lightness(color: Color) -> f32 {
    0.299 * color.r + 0.587 * color.g + 0.114 * color.b
}

fn is_suspect(letter: &TextChar) -> bool {
    !letter.char.is_whitespace() && lightness(letter.color) >= LIGHT
}

/// Tells whether all dots of a letter and around it are as light as it is.
fn is_paper(letter: &TextChar, lights: &Lights) -> bool {
    let own = (lightness(letter.color) * 255.0) as u8;
    let (x, y) = (letter.origin_x, letter.origin_y);
    let width = letter.advance_width.max(letter.font_size * 0.3);
    let dots = lights.within(x, y - 0.2 * letter.font_size, x + width, y + letter.font_size);
    dots.is_some_and(|mut dots| dots.all(|dot| dot.abs_diff(own) <= SAME))
}
