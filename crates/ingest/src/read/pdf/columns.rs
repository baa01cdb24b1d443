//! Columns of running text: where a page has them, and its lines in reading order.
//!
//! Owns telling them from the columns of a table: their lines are long and most of them full, and there are many.

use super::words::Word;

/// Fewer lines side by side may be a form, or the foot of a letter.
const MIN_LINES: usize = 8;

/// The gutter is at least this many font sizes wide; that of LaTeX has one, and letters reach into it.
const MIN_GUTTER: f32 = 0.75;

/// Letters in a usual line of a column: cells of tables have fewer.
const MIN_LETTERS: usize = 20;

/// Where a gutter is looked for: on a page of A4 every three points.
const PLACES: usize = 200;

/// Newspapers have up to six columns, found by halving.
const MAX_DEPTH: usize = 3;

/// Parts the lines of a page, top to bottom, into blocks that are read one after the other.
///
/// `group` makes lines of words; lines of two columns may stand at different heights.
pub(super) fn blocks<'a>(
    lines: Vec<Vec<&'a Word>>,
    group: &impl Fn(Vec<&'a Word>) -> Vec<Vec<&'a Word>>,
) -> Vec<Vec<Vec<&'a Word>>> {
    parted(lines, group, MAX_DEPTH)
}

fn parted<'a>(
    mut lines: Vec<Vec<&'a Word>>,
    group: &impl Fn(Vec<&'a Word>) -> Vec<Vec<&'a Word>>,
    depth: usize,
) -> Vec<Vec<Vec<&'a Word>>> {
    let mut gutters = gutters(&lines).into_iter().filter(|_| depth > 0);
    let run = gutters.find_map(|gutter| Some((gutter, run_of(&lines, gutter, group, depth - 1)?)));
    let Some((gutter, (start, end))) = run else {
        return vec![lines];
    };
    let below = lines.split_off(end);
    let beside = lines.split_off(start);
    let (left, right) = sides(&beside, gutter);
    let mut blocks = Vec::new();
    if !lines.is_empty() {
        blocks.push(lines);
    }
    blocks.extend(parted(group(left), group, depth - 1));
    blocks.extend(parted(group(right), group, depth - 1));
    if !below.is_empty() {
        blocks.extend(parted(below, group, depth));
    }
    blocks
}

/// Returns the words on both sides of a gutter.
fn sides<'a>(lines: &[Vec<&'a Word>], gutter: f32) -> (Vec<&'a Word>, Vec<&'a Word>) {
    lines
        .iter()
        .flatten()
        .copied()
        .partition(|word| word.left < gutter)
}

fn crosses(line: &[&Word], gutter: f32) -> bool {
    line.iter().any(|word| word.left < gutter && word.right > gutter)
}

/// Returns where gutters may be.
fn gutters(lines: &[Vec<&Word>]) -> Vec<f32> {
    most_free(lines).into_iter().chain(valley(lines)).collect()
}

/// Returns the place of the gutter that most lines leave free.
fn most_free(lines: &[Vec<&Word>]) -> Option<f32> {
    let words = || lines.iter().flatten();
    let left = words().map(|word| word.left).fold(f32::INFINITY, f32::min);
    let right = words().map(|word| word.right).fold(f32::NEG_INFINITY, f32::max);
    let middle = (left + 0.2 * (right - left))..(right - 0.2 * (right - left));
    let gaps: Vec<(f32, f32)> = lines
        .iter()
        .flat_map(|line| gaps(line))
        .filter(|(from, to)| middle.contains(&f32::midpoint(*from, *to)))
        .collect();
    let free = |at: f32| {
        gaps.iter()
            .filter(|(from, to)| (*from..*to).contains(&at))
            .count()
    };
    let step = (right - left) / PLACES as f32;
    let best = (0..PLACES)
        .map(|at| left + step * at as f32)
        .max_by_key(|at| free(*at))?;
    (free(best) >= MIN_LINES)
        .then_some(best)
        .or_else(|| valley(lines))
}

/// Returns the middle of the widest upright stripe without words, away from the margins: the lines of two columns may stand at
/// heights of their own, so that hardly any is beside another.
fn valley(lines: &[Vec<&Word>]) -> Option<f32> {
    let mut words: Vec<&Word> = lines.iter().flatten().copied().collect();
    words.sort_by(|a, b| a.left.total_cmp(&b.left));
    let left = words.first()?.left;
    let right = words.iter().map(|word| word.right).fold(left, f32::max);
    let middle = (left + 0.2 * (right - left))..(right - 0.2 * (right - left));
    let mut end = left;
    let mut widest: Option<(f32, f32)> = None;
    for word in words {
        let at = f32::midpoint(end, word.left);
        let width = word.left - end;
        if width >= MIN_GUTTER * word.size
            && middle.contains(&at)
            && widest.is_none_or(|(known, _)| width > known)
        {
            widest = Some((width, at));
        }
        end = end.max(word.right);
    }
    widest.map(|(_, at)| at)
}

/// Returns the gaps of a line that may be a gutter.
fn gaps(line: &[&Word]) -> Vec<(f32, f32)> {
    let mut words: Vec<&&Word> = line.iter().collect();
    words.sort_by(|a, b| a.left.total_cmp(&b.left));
    let mut gaps = Vec::new();
    let mut end = f32::INFINITY;
    for word in words {
        if word.left - end >= MIN_GUTTER * word.size {
            gaps.push((end, word.left));
        }
        end = if end.is_finite() {
            end.max(word.right)
        } else {
            word.right
        };
    }
    gaps
}

/// Returns the first run of lines that are parted by the gutter and are running text on both sides of it.
fn run_of<'a>(
    lines: &[Vec<&'a Word>],
    gutter: f32,
    group: &impl Fn(Vec<&'a Word>) -> Vec<Vec<&'a Word>>,
    depth: usize,
) -> Option<(usize, usize)> {
    let mut start = 0;
    while start < lines.len() {
        let length = lines[start..].iter().position(|line| crosses(line, gutter));
        let length = length.unwrap_or(lines.len() - start);
        let (from, to) = trimmed(lines, gutter, start, start + length);
        let (left, right) = sides(&lines[from..to], gutter);
        if are_columns(&group(left), &group(right), group, depth) {
            return Some((from, to));
        }
        start += length + 1;
    }
    None
}

/// Tells whether the lines of both sides are running text, or those of the left side and the right one is its rest.
fn are_columns<'a>(
    left: &[Vec<&'a Word>],
    right: &[Vec<&'a Word>],
    group: &impl Fn(Vec<&'a Word>) -> Vec<Vec<&'a Word>>,
    depth: usize,
) -> bool {
    is_text(left, group, depth) && (is_text(right, group, depth) || is_rest(right, left))
}

/// Tells whether the lines of one side are running text or columns of it, whose lines stand at heights of their own.
fn is_text<'a>(
    lines: &[Vec<&'a Word>],
    group: &impl Fn(Vec<&'a Word>) -> Vec<Vec<&'a Word>>,
    depth: usize,
) -> bool {
    let parted = |gutter: f32| {
        let (left, right) = sides(lines, gutter);
        !lines.iter().any(|line| crosses(line, gutter))
            && are_columns(&group(left), &group(right), group, depth - 1)
    };
    is_running(lines) || depth > 0 && gutters(lines).into_iter().any(parted)
}

/// Tells whether a few lines are the last column of a text, which ends with it: as wide as the column `beside` it, and full.
fn is_rest(lines: &[Vec<&Word>], beside: &[Vec<&Word>]) -> bool {
    /// One line may be anything.
    const LEAST_LINES: usize = 2;
    /// Columns of a text are of one width but for ragged ends.
    const WIDTHS: std::ops::Range<f32> = 0.85..1.15;
    let width = |lines: &[Vec<&Word>]| {
        let words = || lines.iter().flatten();
        let right = words().map(|word| word.right).fold(f32::NEG_INFINITY, f32::max);
        right - words().map(|word| word.left).fold(f32::INFINITY, f32::min)
    };
    (LEAST_LINES..MIN_LINES).contains(&lines.len())
        && WIDTHS.contains(&(width(lines) / width(beside)))
        && is_full(&Lines::of(lines))
}

/// Leaves out a page number or a title at the ends of a run, which stands on one side and apart.
fn trimmed(lines: &[Vec<&Word>], gutter: f32, mut from: usize, mut to: usize) -> (usize, usize) {
    /// Lines of a paragraph are closer.
    const APART: f32 = 2.0;
    let sided = |line: &[&Word]| {
        line.iter().all(|word| word.left < gutter) || line.iter().all(|word| word.left >= gutter)
    };
    let apart = |above: &[&Word], below: &[&Word]| match (above.first(), below.first()) {
        (Some(above), Some(below)) => above.base - below.base > APART * above.size.max(below.size),
        _ => false,
    };
    while to - from > 1 && sided(&lines[from]) && apart(&lines[from], &lines[from + 1]) {
        from += 1;
    }
    while to - from > 1 && sided(&lines[to - 1]) && apart(&lines[to - 2], &lines[to - 1]) {
        to -= 1;
    }
    (from, to)
}

/// A line of one side of a gutter.
struct Side {
    end: f32,
    /// How wide its first word is, and whether that goes on with a sentence.
    first: f32,
    goes_on: bool,
    size: f32,
}

/// The lines of one side of a gutter.
struct Lines {
    sides: Vec<Side>,
    letters: usize,
    /// How many lines had no room for the next word, and how many reach the right margin or had none.
    crowded: usize,
    full: usize,
}

impl Lines {
    fn of(lines: &[Vec<&Word>]) -> Self {
        /// One line in ten may be longer than its column: beside it a last column may have begun.
        const LONGER: usize = 10;
        let (mut sides, mut letters) = (Vec::new(), 0);
        let mut left = f32::INFINITY;
        for line in lines {
            let words = || line.iter();
            let Some(first) = words().min_by(|a, b| a.left.total_cmp(&b.left)) else {
                continue;
            };
            left = left.min(first.left);
            letters += words().map(|word| word.text.chars().count()).sum::<usize>();
            sides.push(Side {
                end: words().map(|word| word.right).fold(f32::NEG_INFINITY, f32::max),
                first: first.right - first.left,
                goes_on: first.text.starts_with(char::is_lowercase),
                size: first.size,
            });
        }
        let mut ends: Vec<f32> = sides.iter().map(|side| side.end).collect();
        ends.sort_by(|a, b| b.total_cmp(a));
        let right = ends.get(ends.len() / LONGER).copied().unwrap_or(left);
        let width = right - left;
        // The next word had no room.
        let crowded = |at: usize| {
            let next: Option<&Side> = sides.get(at + 1);
            next.is_some_and(|next| sides[at].end + 0.25 * next.size + next.first > right - 0.02 * width)
        };
        let full = |at: usize| crowded(at) || sides[at].end > right - 0.15 * width;
        Self {
            crowded: (0..sides.len()).filter(|at| crowded(*at)).count(),
            full: (0..sides.len()).filter(|at| full(*at)).count(),
            sides,
            letters,
        }
    }
}

/// Tells whether most lines are full and long.
fn is_full(lines: &Lines) -> bool {
    let count = lines.sides.len();
    lines.letters >= MIN_LETTERS * count && lines.full * 3 >= count * 2
}

/// Tells whether lines are running text: there are enough, most of them full, and either long or, in the narrow
/// columns of a newspaper, most of them in the middle of a sentence.
fn is_running(lines: &[Vec<&Word>]) -> bool {
    /// In narrow columns, which cells of a table resemble more.
    const MIN_NARROW_LINES: usize = 12;
    const MIN_NARROW_LETTERS: usize = 12;
    let lines = Lines::of(lines);
    let count = lines.sides.len();
    let in_sentence = lines.sides.iter().filter(|side| side.goes_on).count();
    let narrow = count >= MIN_NARROW_LINES
        && lines.letters >= MIN_NARROW_LETTERS * count
        && lines.crowded * 3 >= count * 2
        && in_sentence * 2 >= count;
    count >= MIN_LINES && (is_full(&lines) || narrow)
}
