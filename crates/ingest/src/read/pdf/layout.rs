//! Words with places → lines → paragraphs and table rows.
//!
//! Owns geometry. Rows come from gaps that neighbouring lines share. Coordinates are PDF points, y upwards.

use super::columns;
use super::words::{LARGER, MARK_GAP, ONE_LINE, SAME_BASE, WORD_GAP, Word};
use crate::tidy::hyphen::Words;

/// A gap wider than this many font sizes parts cells when the lines around share it; justified text seldom gets there.
const CELL_GAP: f32 = 0.8;

/// Lines of one paragraph or cell are at most this many font sizes apart, baseline to baseline.
const LINE_STEP: f32 = 1.75;

/// Rows of a table are further apart than lines of a cell.
const ROW_STEP: f32 = 1.36;

/// Words that stand close together on a line.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    left: f32,
    right: f32,
    text: String,
}

/// A line of a page.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// The direction of text it belongs to, 0 for that of most of the page.
    pub(super) frame: usize,
    /// The column or the stretch of whole lines it belongs to, counted over the page.
    pub(super) block: usize,
    y: f32,
    /// Font size of its largest word.
    pub(super) size: f32,
    /// Whether all its words are bold.
    pub(super) bold: bool,
    segments: Vec<Segment>,
}

impl Line {
    /// Returns its words.
    pub(super) fn text(&self) -> String {
        self.segments
            .iter()
            .map(|segment| segment.text.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Replaces its words by what `change` makes of them.
    pub(super) fn change(&mut self, change: impl Fn(&str) -> Option<String>) {
        for segment in &mut self.segments {
            if let Some(text) = change(&segment.text) {
                segment.text = text;
            }
        }
    }

    fn left(&self) -> f32 {
        self.segments.first().map_or(0.0, |segment| segment.left)
    }

    fn right(&self) -> f32 {
        self.segments.last().map_or(0.0, |segment| segment.right)
    }
}

/// A piece of a page.
pub(super) enum Piece<'a> {
    /// Lines of one paragraph or heading.
    Text(Vec<&'a Line>),
    /// Rows of a table.
    Table(Vec<Vec<String>>),
}

/// Groups the words of a page into lines, top to bottom, those of the other directions of text behind the first.
pub(super) fn lines(frames: &[Vec<Word>]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut block = 0;
    for (frame, words) in frames.iter().enumerate() {
        for column in columns::blocks(groups(words.iter().collect()), &groups) {
            lines.extend(column.into_iter().map(|group| line_of(frame, block, group)));
            block += 1;
        }
    }
    lines
}

/// Groups words into lines, top to bottom.
fn groups<'a>(mut words: Vec<&'a Word>) -> Vec<Vec<&'a Word>> {
    words.sort_by(|a, b| b.base.total_cmp(&a.base).then(a.left.total_cmp(&b.left)));
    let mut groups: Vec<Vec<&Word>> = Vec::new();
    // The largest word tells where the line is; a raised one may come first.
    let mut largest: Option<&Word> = None;
    for word in words {
        let line = largest.filter(|line| line.base - word.base <= ONE_LINE * word.size.max(line.size));
        match groups.last_mut().filter(|_| line.is_some()) {
            Some(group) => group.push(word),
            None => groups.push(vec![word]),
        }
        largest = line.filter(|line| word.size <= LARGER * line.size).or(Some(word));
    }
    let parted = |group: Vec<&'a Word>| {
        if is_laced(&group) {
            unlaced(&group)
        } else {
            vec![group]
        }
    };
    groups.into_iter().flat_map(parted).collect()
}

/// Tells whether words of a group, which goes downwards, may lie over one another.
fn is_laced(group: &[&Word]) -> bool {
    /// A line of a page of A3 has some hundred words; each is compared with all before it.
    const MAX_WORDS: usize = 500;
    let (Some(first), Some(last)) = (group.first(), group.last()) else {
        return false;
    };
    group.len() <= MAX_WORDS && first.base - last.base > STACKED * first.size.min(last.size)
}

/// Words whose base lines are this many font sizes apart are not one word printed twice to look bold.
const STACKED: f32 = 0.1;

/// Parts a group of words, which goes downwards, where text lies over text: lines of small print beside a large title, or lines
/// that are set too close.
fn unlaced<'a>(group: &[&'a Word]) -> Vec<Vec<&'a Word>> {
    /// Shorter words are indices, accents and the letters of logos.
    const MIN_WORD: usize = 3;
    /// Fewer letters over words are an index of two.
    const MIN_LETTERS: usize = 6;
    let letters = |word: &Word| word.text.chars().filter(|c| c.is_alphabetic()).count();
    let over = |a: &Word, b: &Word| {
        if letters(a).min(letters(b)) < MIN_WORD {
            return false;
        }
        let shared = a.right.min(b.right) - a.left.max(b.left);
        shared > 0.2 * a.size.min(b.size) && a.base - b.base > STACKED * a.size.min(b.size)
    };
    let mut lines: Vec<Vec<&Word>> = Vec::new();
    let mut rest = group;
    while let Some(first) = rest.first() {
        let same = |word: &&Word| first.base - word.base <= STACKED * first.size.min(word.size);
        let (row, below) = rest.split_at(rest.iter().take_while(|word| same(word)).count());
        let apart = lines.last().is_some_and(|line| {
            let covers = |word: &&&Word| line.iter().any(|above| over(above, word));
            row.iter().filter(covers).map(|word| letters(word)).sum::<usize>() >= MIN_LETTERS
        });
        match lines.last_mut().filter(|_| !apart) {
            Some(line) => line.extend(row),
            None => lines.push(row.to_vec()),
        }
        rest = below;
    }
    lines
}

fn line_of(frame: usize, block: usize, mut words: Vec<&Word>) -> Line {
    words.sort_by(|a, b| a.left.total_cmp(&b.left));
    let size = words.iter().map(|word| word.size).fold(0.0, f32::max);
    let bold = words.iter().all(|word| word.bold);
    let y = base_of(&words, size);
    let mut segments: Vec<Segment> = Vec::new();
    let mut before: Option<&Word> = None;
    for word in words {
        // A small word high above the line is raised: an article's number or a footnote's mark. Several are a line of its own,
        // beside a large title.
        let goes_on = before.is_some_and(|before| {
            word.apart && (before.base - word.base).abs() <= SAME_BASE * size && before.size < size * 0.8
        });
        let raised = word.size < size * 0.8 && word.base > y + size * 0.2 && !goes_on;
        match segments.last_mut() {
            Some(segment) if word.left - segment.right <= CELL_GAP * size => {
                let mark = word.text.starts_with([',', '.', ';', ':', ')', '»']);
                let gap = if mark { MARK_GAP } else { WORD_GAP };
                let apart = match before {
                    Some(before) if (before.base - word.base).abs() <= SAME_BASE * size => word.apart,
                    _ => word.left - segment.right > gap * size,
                };
                if apart && !raised {
                    segment.text.push(' ');
                }
                if raised {
                    super::super::draft::push_raised(&mut segment.text, &word.text);
                } else {
                    segment.text.push_str(&word.text);
                }
                segment.right = segment.right.max(word.right);
            }
            _ => segments.push(Segment {
                left: word.left,
                right: word.right,
                text: word.text.clone(),
            }),
        }
        before = Some(word);
    }
    Line {
        frame,
        block,
        y,
        size,
        bold,
        segments,
    }
}

/// Returns the base line on which most letters of the largest size stand; logos and indices are lower or higher.
fn base_of(words: &[&Word], size: f32) -> f32 {
    let mut bases: Vec<(f32, usize)> = Vec::new();
    for word in words.iter().filter(|word| word.size > 0.8 * size) {
        match bases
            .iter_mut()
            .find(|(base, _)| (base - word.base).abs() < 0.05 * size)
        {
            Some((_, letters)) => *letters += word.text.len(),
            None => bases.push((word.base, word.text.len())),
        }
    }
    let most = bases
        .into_iter()
        .max_by(|a, b| a.1.cmp(&b.1).then(b.0.total_cmp(&a.0)));
    most.map_or(0.0, |(base, _)| base)
}

/// Parts the lines of a page into paragraphs and tables, and tells which may go on with what stands before: the first of each
/// column.
pub(super) fn pieces<'a>(lines: &'a [Line], words: &Words) -> Vec<(bool, Piece<'a>)> {
    let mut pieces = Vec::new();
    for block in lines.chunk_by(|a, b| a.block == b.block) {
        let upright = block.iter().all(|line| line.frame == 0);
        let parted = pieces_of(block, words).into_iter().enumerate();
        pieces.extend(parted.map(|(at, piece)| (at == 0 && upright, piece)));
    }
    pieces
}

fn pieces_of<'a>(lines: &'a [Line], words: &Words) -> Vec<Piece<'a>> {
    // A table may be wider than the text around it, whose margins tell which lines are full.
    let (left, right) = margins(lines);
    let mut pieces = Vec::new();
    let mut open: Vec<&Line> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let run = table_run(&lines[at..]);
        if run > 0 {
            close(&mut pieces, &mut open);
            pieces.push(Piece::Table(rows(&lines[at..at + run], words)));
            at += run;
            continue;
        }
        let line = &lines[at];
        if open
            .last()
            .is_some_and(|before| !continues(before, line, open.len(), left, right))
        {
            close(&mut pieces, &mut open);
        }
        open.push(line);
        at += 1;
    }
    close(&mut pieces, &mut open);
    pieces
}

/// Returns where the lines that belong to no table begin and end.
fn margins(lines: &[Line]) -> (f32, f32) {
    let (mut left, mut right) = (f32::INFINITY, 0.0_f32);
    let mut at = 0;
    while at < lines.len() {
        let run = table_run(&lines[at..]);
        if run == 0 {
            left = left.min(lines[at].left());
            right = right.max(lines[at].right());
        }
        at += run.max(1);
    }
    (left, right)
}

fn close<'a>(pieces: &mut Vec<Piece<'a>>, open: &mut Vec<&'a Line>) {
    if !open.is_empty() {
        pieces.push(Piece::Text(std::mem::take(open)));
    }
}

fn continues(before: &Line, line: &Line, count: usize, left: f32, right: f32) -> bool {
    let size = before.size;
    let step = before.y - line.y;
    let alike = (before.size - line.size).abs() <= 0.6 && before.bold == line.bold;
    if !alike || step > LINE_STEP * size || starts_item(&line.text()) {
        return false;
    }
    let width = (right - left).max(1.0);
    // A short line ends its paragraph; a heading in the middle of the page may have short lines.
    // Full is a line in which the next word had no room.
    let text = line.text();
    let word = text
        .split_whitespace()
        .next()
        .map_or(0, |word| word.chars().count());
    let letters = text.chars().count().max(1) as f32;
    let room = word as f32 * (line.right() - line.left()) / letters + 0.25 * size;
    let full = before.right() + room > right - 0.02 * width;
    let centred = before.left() > left + 0.08 * width && line.left() > left + 0.08 * width;
    // An indented line begins a paragraph, unless the line before it was the indented one of a list item.
    let indented = line.left() > before.left() + 1.2 * size && !(count == 1 && line.left() < before.left());
    let hanging = starts_item(&before.text());
    (full && (!indented || hanging)) || (centred && (before.bold || size > 13.0))
}

fn starts_item(text: &str) -> bool {
    let Some(word) = text.split_whitespace().next() else {
        return false;
    };
    let numbered = word.ends_with([')', '.'])
        && (2..=4).contains(&word.len())
        && word.chars().next().is_some_and(|c| c.is_ascii_digit());
    let lettered = word.ends_with(')') && word.chars().count() == 2;
    let dotted = word.contains('.')
        && word.split('.').all(|part| !part.is_empty() && part.len() < 3)
        && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    numbered
        || lettered
        || dotted
        || matches!(
            word,
            "-" | "–" | "—" | "•" | "●" | "▪" | "◦" | "☒" | "☐" | "☑" | "\u{f0b7}" | "\u{f02d}"
        )
}

/// Returns how many lines from the first belong to a table, 0 for none.
fn table_run(lines: &[Line]) -> usize {
    let Some(first) = lines.first().filter(|line| is_row(line)) else {
        return 0;
    };
    let mut run = 1;
    let mut rows = 1;
    let mut last = first;
    for line in &lines[1..] {
        let near = last.y - line.y < 4.0 * last.size;
        // A line of one segment is the second line of a cell when it keeps to a column and close to the line above.
        let fits =
            is_row(line) || (last.y - line.y <= ROW_STEP * last.size && in_one_column(line, &lines[..run]));
        if !near || !fits {
            break;
        }
        rows += usize::from(is_row(line));
        run += 1;
        last = line;
    }
    if rows >= 2 && columns(&lines[..run]).len() >= 2 {
        run
    } else {
        0
    }
}

fn is_row(line: &Line) -> bool {
    // A list's marker and its words stand apart too.
    line.segments.len() >= 2 && !starts_item(&line.segments[0].text) || line.segments.len() >= 3
}

fn in_one_column(line: &Line, above: &[Line]) -> bool {
    let columns = columns(above);
    let [segment] = line.segments.as_slice() else {
        return false;
    };
    columns
        .iter()
        .filter(|(left, right)| segment.left < *right && segment.right > *left)
        .count()
        == 1
}

/// Returns the columns that the segments of the lines form: stretches no gap of which runs through all lines.
fn columns(lines: &[Line]) -> Vec<(f32, f32)> {
    let mut spans: Vec<(f32, f32)> = lines
        .iter()
        .filter(|line| line.segments.len() > 1)
        .flat_map(|line| line.segments.iter().map(|segment| (segment.left, segment.right)))
        .collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut columns: Vec<(f32, f32)> = Vec::new();
    for (left, right) in spans {
        match columns.last_mut() {
            Some(column) if left <= column.1 => column.1 = column.1.max(right),
            _ => columns.push((left, right)),
        }
    }
    columns
}

fn rows(lines: &[Line], words: &Words) -> Vec<Vec<String>> {
    let columns = columns(lines);
    let spaced = lines
        .windows(2)
        .any(|pair| pair[0].y - pair[1].y > ROW_STEP * pair[0].size);
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut above: Option<&Line> = None;
    for line in lines {
        let mut cells = vec![String::new(); columns.len()];
        for segment in &line.segments {
            let middle = f32::midpoint(segment.left, segment.right);
            let distance = |column: &(f32, f32)| (f32::midpoint(column.0, column.1) - middle).abs();
            let at = columns
                .iter()
                .position(|(left, right)| segment.left < *right && segment.right > *left)
                .or_else(|| {
                    (0..columns.len())
                        .min_by(|a, b| distance(&columns[*a]).total_cmp(&distance(&columns[*b])))
                });
            if let Some(cell) = at.and_then(|at| cells.get_mut(at)) {
                super::join_line(cell, &segment.text, words);
            }
        }
        let begins = match above {
            None => true,
            Some(above) if spaced => above.y - line.y > ROW_STEP * above.size,
            Some(_) => !cells[0].is_empty(),
        };
        match rows.last_mut() {
            Some(row) if !begins => {
                for (cell, more) in row.iter_mut().zip(cells).filter(|(_, more)| !more.is_empty()) {
                    super::join_line(cell, &more, words);
                }
            }
            _ => rows.push(cells),
        }
        above = Some(line);
    }
    rows
}
