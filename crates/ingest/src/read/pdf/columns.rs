//! Columns of running text: where a page has them, and its lines in reading order.
//!
//! Owns telling them from the columns of a table: their lines are long and most of them full, and there are many.

use super::words::Word;

/// Fewer lines side by side may be a form, or the foot of a letter.
const MIN_LINES: usize = 8;

/// The gutter is at least this many font sizes wide.
const MIN_GUTTER: f32 = 1.0;

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
    let gutter = gutter(&lines).filter(|_| depth > 0);
    let Some(run) = gutter.and_then(|gutter| Some((gutter, run_of(&lines, gutter)?))) else {
        return vec![lines];
    };
    let (gutter, (start, end)) = run;
    let below = lines.split_off(end);
    let beside = lines.split_off(start);
    let (left, right) = beside
        .into_iter()
        .flatten()
        .partition::<Vec<&Word>, _>(|word| word.left < gutter);
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

/// Returns the place of the gutter that most lines leave free.
fn gutter(lines: &[Vec<&Word>]) -> Option<f32> {
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
    (free(best) >= MIN_LINES).then_some(best)
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
fn run_of(lines: &[Vec<&Word>], gutter: f32) -> Option<(usize, usize)> {
    let crosses = |line: &Vec<&Word>| line.iter().any(|word| word.left < gutter && word.right > gutter);
    let mut start = 0;
    while start < lines.len() {
        let length = lines[start..]
            .iter()
            .position(crosses)
            .unwrap_or(lines.len() - start);
        let (from, to) = trimmed(lines, gutter, start, start + length);
        let sides = [true, false];
        if sides
            .into_iter()
            .all(|left| is_running(&lines[from..to], |word| (word.left < gutter) == left))
        {
            return Some((from, to));
        }
        start += length + 1;
    }
    None
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

/// Tells whether the words of one side are running text: lines enough, long ones, most of them full.
fn is_running(lines: &[Vec<&Word>], side: impl Fn(&Word) -> bool) -> bool {
    let (mut ends, mut letters) = (Vec::new(), 0);
    let mut left = f32::INFINITY;
    for line in lines {
        let mut end = f32::NEG_INFINITY;
        for word in line.iter().filter(|word| side(word)) {
            end = end.max(word.right);
            left = left.min(word.left);
            letters += word.text.chars().count();
        }
        if end.is_finite() {
            ends.push(end);
        }
    }
    let right = ends.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let full = ends
        .iter()
        .filter(|end| **end > right - 0.15 * (right - left))
        .count();
    ends.len() >= MIN_LINES && letters >= MIN_LETTERS * ends.len() && full * 3 >= ends.len() * 2
}
