//! Letters with places → words with places, in frames in which they stand upright.
//!
//! Owns what a word is on a page: letters side by side of one size on one base line. Letters come with the places at which
//! they are drawn, so that words which overlap or are kerned far into one another keep their own letters.

use pdf_oxide::layout::TextChar;

/// A gap wider than this many font sizes parts words. Spaces of justified text are seldom under 0.2, kerning seldom over 0.1.
pub(super) const WORD_GAP: f32 = 0.14;

/// A space that is written and not only left parts words from here on: some programs write spaces where they leave none.
const WRITTEN_GAP: f32 = 0.06;

/// A gap wider than this many font sizes parts a mark from the word before it, as the Russian standard for references has it.
pub(super) const MARK_GAP: f32 = 0.18;

/// Letters whose base lines are at most this many font sizes apart stand on one line; indices and logos do.
pub(super) const ONE_LINE: f32 = 0.45;

/// Letters this many times as large are those of the line, and the others are indices.
pub(super) const LARGER: f32 = 1.1;

/// Base lines that differ by fewer font sizes than this are one, which drifts where a scanner's program set it.
pub(super) const SAME_BASE: f32 = 0.02;

/// Letters with more between them than this many font sizes are set apart on purpose, as in headings; less is justification.
const SET_APART: f32 = 0.1;

/// A word of a page. Points, y upwards, in its frame.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) left: f32,
    pub(super) right: f32,
    /// Its base line.
    pub(super) base: f32,
    /// Its font size.
    pub(super) size: f32,
    pub(super) bold: bool,
    /// Whether a space stands between it and the word before it on its base line.
    pub(super) apart: bool,
    pub(super) text: String,
}

/// A letter in its frame.
struct Letter<'a> {
    x: f32,
    y: f32,
    /// How wide it is, or about how wide where the library does not measure it.
    advance: f32,
    /// How much is left behind it on purpose, 0 where that is usual.
    spacing: f32,
    size: f32,
    drawn: &'a TextChar,
}

/// Returns the words of a page, one list for each direction in which text runs, the one with most letters first.
///
/// `more` are words that stand on the page without being drawn with it, upright.
pub(super) fn words(letters: &[TextChar], more: Vec<Word>) -> Vec<Vec<Word>> {
    let mut frames: Vec<(i32, Vec<&TextChar>)> = Vec::new();
    for letter in letters {
        let angle = letter.rotation_degrees;
        let sound = letter.origin_x.is_finite() && letter.origin_y.is_finite() && angle.is_finite();
        if !sound || letter.char.is_control() {
            continue;
        }
        // Italics made by slanting and scans set straight are a degree off.
        let angle = (angle / 3.0).round() as i32 * 3;
        match frames.iter_mut().find(|(known, _)| *known == angle) {
            Some((_, frame)) => frame.push(letter),
            None => frames.push((angle, vec![letter])),
        }
    }
    // Stable, so that of equals the first met comes first.
    frames.sort_by_key(|(_, frame)| std::cmp::Reverse(frame.len()));
    let upright = frames.iter().position(|(angle, _)| *angle == 0);
    let words_of = |(angle, frame): (i32, Vec<&TextChar>)| {
        let angle = if angle != 0 && is_mirrored(&frame, angle) {
            -angle
        } else {
            angle
        };
        let measured = frame.iter().filter(|letter| letter.advance_width > 0.0).count() * 2 > frame.len();
        let placed = frame.into_iter().map(|letter| place(letter, angle)).collect();
        words_of(placed, measured)
    };
    let mut frames: Vec<Vec<Word>> = frames.into_iter().map(words_of).collect();
    if !more.is_empty() {
        match upright.and_then(|at| frames.get_mut(at)) {
            Some(frame) => frame.extend(more),
            None => frames.push(more),
        }
    }
    frames
}

/// Tells whether a page counts downwards, as many programs have it, where the library takes the angle with the wrong sign.
///
/// From letter to letter, the library's matrix moves as the program wrote it, and the origin as it is on the page. A program
/// writes along its own lines from left to right, or else turns them itself.
fn is_mirrored(frame: &[&TextChar], angle: i32) -> bool {
    let (rise, run) = (angle as f32).to_radians().sin_cos();
    let height = |letter: &TextChar| letter.origin_y * run - letter.origin_x * rise;
    let mut lines: Vec<&TextChar> = frame.to_vec();
    lines.sort_by(|a, b| height(a).total_cmp(&height(b)));
    let moves = lines.windows(2).filter_map(|pair| {
        let one_line = (height(pair[0]) - height(pair[1])).abs() <= SAME_BASE * pair[0].font_size;
        let ([.., left, low], [.., right, high]) = (pair[0].matrix?, pair[1].matrix?);
        let (across, up) = (right - left, high - low);
        let written = if across.abs() > up.abs() {
            across * rise
        } else {
            up
        };
        one_line.then(|| written * (pair[1].origin_y - pair[0].origin_y))
    });
    let (mut against, mut along) = (0, 0);
    for product in moves {
        against += usize::from(product < 0.0);
        along += usize::from(product > 0.0);
    }
    against > along
}

/// Puts a letter into the frame that is turned by `angle` degrees.
fn place(letter: &TextChar, angle: i32) -> Letter<'_> {
    let size = if letter.font_size.is_finite() && letter.font_size > 0.5 {
        letter.font_size
    } else {
        letter.bbox.height.abs().max(1.0)
    };
    let (sin, cos) = (angle as f32).to_radians().sin_cos();
    let (x, y) = (letter.origin_x, letter.origin_y);
    let spacing = letter.rendered_advance - letter.advance_width;
    let set_apart = spacing > SET_APART * size && !letter.char.is_whitespace();
    let advance = if angle == 0 || letter.advance_width > 0.0 {
        letter.advance_width.max(0.0)
    } else {
        usual_width(letter.char) * size
    };
    Letter {
        x: x * cos + y * sin,
        y: y * cos - x * sin,
        advance,
        spacing: if set_apart { spacing } else { 0.0 },
        size,
        drawn: letter,
    }
}

/// Returns how wide a letter is in most fonts, in font sizes.
fn usual_width(letter: char) -> f32 {
    match letter {
        'i' | 'j' | 'l' | 'f' | 't' | 'r' | 'I' | 'і' | '.' | ',' | ':' | ';' | '!' | '|' | '\'' | '('
        | ')' | '-' => 0.3,
        'm' | 'w' | 'M' | 'W' | 'ш' | 'щ' | 'ж' | 'ю' | 'ы' | 'ф' | 'м' | 'Ш' | 'Щ' | 'Ж' | 'Ю' | 'Ы'
        | 'Ф' | 'М' | '@' | '%' | '—' => 0.85,
        _ if letter.is_uppercase() => 0.7,
        _ => 0.53,
    }
}

/// From which gaps on, in font sizes, words are parted.
#[derive(Clone, Copy)]
struct Gaps {
    left: f32,
    written: f32,
    mark: f32,
}

fn words_of(mut letters: Vec<Letter<'_>>, measured: bool) -> Vec<Word> {
    let gaps = if measured {
        Gaps {
            left: WORD_GAP,
            written: WRITTEN_GAP,
            mark: MARK_GAP,
        }
    } else {
        // One letter in twenty is a space where spaces are written at all. Widths that are only supposed are off by a fifth of
        // the font size, and more with letters set apart.
        let spaces = letters
            .iter()
            .filter(|letter| letter.drawn.char.is_whitespace())
            .count();
        let left = if spaces * 20 > letters.len() { 0.6 } else { 0.2 };
        Gaps {
            left,
            written: f32::NEG_INFINITY,
            mark: left,
        }
    };
    letters.sort_by(|a, b| b.y.total_cmp(&a.y).then(a.x.total_cmp(&b.x)));
    let mut words = Vec::new();
    let mut rest = letters.as_mut_slice();
    while let Some(first) = rest.first() {
        // The largest letter tells where the line is; a raised one may come first.
        let (mut y, mut size) = (first.y, first.size);
        let end = rest.iter().position(|letter| {
            let out = y - letter.y > ONE_LINE * size.max(letter.size);
            if !out && letter.size > LARGER * size {
                (y, size) = (letter.y, letter.size);
            }
            out
        });
        let end = end.unwrap_or(rest.len());
        let (line, others) = rest.split_at_mut(end);
        line_words(line, gaps, &mut words);
        rest = others;
    }
    words
}

/// Makes the words of one line, base line by base line.
fn line_words(line: &mut [Letter<'_>], gaps: Gaps, words: &mut Vec<Word>) {
    let largest = line.iter().map(|letter| letter.size).fold(0.0, f32::max);
    let mut rows: Vec<&mut [Letter<'_>]> = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let mut end = 1;
        while end < rest.len() && rest[end - 1].y - rest[end].y <= SAME_BASE * rest[end].size {
            end += 1;
        }
        let (row, others) = rest.split_at_mut(end);
        row.sort_by(|a, b| a.x.total_cmp(&b.x));
        rows.push(row);
        rest = others;
    }
    // Letters raised or lowered into a word, as in logos, part it; an index does not part another one that stands over it.
    let mut between: Vec<f32> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        between.clear();
        if rows.len() > 1 && row.iter().any(|letter| letter.size > 0.85 * largest) {
            let others = rows.iter().enumerate().filter(|(other, _)| *other != at);
            between.extend(others.flat_map(|(_, row)| row.iter().map(|letter| letter.x)));
            between.sort_by(f32::total_cmp);
        }
        row_words(row, &between, gaps, words);
    }
}

fn row_words(row: &[Letter<'_>], between: &[f32], gaps: Gaps, words: &mut Vec<Word>) {
    let mut open: Option<Word> = None;
    let mut spaced = false;
    let mut before = f32::NEG_INFINITY;
    // What is left on purpose behind the last letter and behind the one before it.
    let (mut behind, mut earlier) = (0.0, 0.0);
    for Letter {
        x,
        y,
        advance,
        spacing,
        size,
        drawn: letter,
    } in row
    {
        if letter.char.is_whitespace() {
            spaced = true;
            continue;
        }
        let bold = letter.font_weight.is_bold();
        let right = x + advance;
        let mut apart = true;
        if let Some(word) = &mut open {
            let mark = matches!(letter.char, ',' | '.' | ';' | ':' | ')' | '»');
            let least = match (mark, spaced) {
                (true, _) => gaps.mark,
                (false, true) => gaps.written,
                (false, false) => gaps.left,
            };
            // Letters set apart are one word still; behind one letter alone it is the gap between words.
            let own = if *spacing > 0.0 || earlier > 0.0 {
                behind
            } else {
                0.0
            };
            apart = x - word.right - own > least * size.max(word.size);
            let alike = (word.size - size).abs() <= 0.15 * word.size.max(*size);
            // Printed twice, a little shifted, to look bold.
            if alike && word.text.ends_with(letter.char) && x - before < 0.3 * advance {
                continue;
            }
            let first = between.partition_point(|other| *other <= before);
            let parted = between.get(first).is_some_and(|other| other < x);
            if alike && !apart && !parted {
                word.text.push(letter.char);
                word.right = word.right.max(right);
                word.bold &= bold;
                (spaced, before) = (false, *x);
                (earlier, behind) = (behind, *spacing);
                continue;
            }
        }
        (earlier, behind) = (0.0, *spacing);
        words.extend(open.take());
        open = Some(Word {
            left: *x,
            right,
            base: *y,
            size: *size,
            bold,
            apart,
            text: letter.char.to_string(),
        });
        (spaced, before) = (false, *x);
    }
    words.extend(open);
}
