//! Cutting the text of one section.
//!
//! Owns: the choice of borders and the repeated lead. Invariants: no border inside a sentence that fits a passage; a lead-in
//! or a table's header never stands alone at the end of a passage when it can go with what it introduces; a remark stays
//! with the block before it.

use docent_corpus::{Block, BlockKind, ByteRange};
use docent_language::sentences;

use super::HARD_CHARS;

/// The length, in characters, at which a passage of a long section is closed: the middle of the 1,000 to 1,400 at which
/// a passage holds one thought and still ranks well by its words.
const TARGET_CHARS: usize = 1_200;

/// Below this many characters a passage is not closed for the sake of a nicer border: half of the target.
const LEAST_CHARS: usize = TARGET_CHARS / 2;

/// The most characters repeated in front of a passage: half of a passage, so that its own text still prevails.
const LEAD_CHARS: usize = HARD_CHARS / 2;

/// The most pieces that go with what they introduce: a lead-in, a caption and the rows of a tall header. A longer chain
/// introduces nothing, and following it back would take each border longer than the one before.
const TAKEN_ALONG: usize = 8;

/// A block, or whole sentences of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) kind: BlockKind,
    pub(super) range: ByteRange,
    pub(super) page: Option<u32>,
    /// Characters that count towards the limit; none for a remark.
    chars: usize,
    /// Tells whether the piece introduces what follows: it ends with a colon.
    introduces: bool,
}

/// What becomes one passage.
#[derive(Debug, Default)]
pub(super) struct Portion {
    pub(super) lead: Vec<Piece>,
    pub(super) own: Vec<Piece>,
}

/// Cuts the blocks of one section, at least one, into portions in order.
pub(super) fn cut(text: &str, blocks: &[Block]) -> Vec<Portion> {
    let pieces: Vec<Piece> = blocks.iter().flat_map(|block| pieces_of(text, *block)).collect();
    let starts = borders(&pieces);
    let above = above(&pieces);
    let mut portions = Vec::with_capacity(starts.len());
    for (nth, &start) in starts.iter().enumerate() {
        let end = starts.get(nth + 1).copied().unwrap_or(pieces.len());
        portions.push(Portion {
            lead: lead(text, &pieces, &above, start),
            own: pieces[start..end].to_vec(),
        });
    }
    portions
}

/// Returns the index of the first piece of each portion.
fn borders(pieces: &[Piece]) -> Vec<usize> {
    if pieces.is_empty() {
        return Vec::new();
    }
    let mut starts = vec![0];
    if length(pieces) <= HARD_CHARS {
        return starts;
    }
    let mut first = 0;
    let mut chars = 0;
    let mut rest = length(pieces);
    for (at, piece) in pieces.iter().enumerate() {
        let full = chars > 0
            && (chars + piece.chars > HARD_CHARS
                || (chars >= LEAST_CHARS && chars + piece.chars > TARGET_CHARS));
        if full && piece.chars > 0 && chars + rest > HARD_CHARS {
            let border = best_border(pieces, first, at);
            starts.push(border);
            first = border;
            chars = length(&pieces[border..at]);
            if chars + piece.chars > HARD_CHARS {
                // What was taken along does not leave room: the piece begins a portion of its own.
                starts.push(at);
                first = at;
                chars = 0;
            }
        }
        chars += piece.chars;
        rest -= piece.chars;
    }
    starts
}

/// Chooses the border for a portion that began at `first` and cannot take the piece at `at`.
fn best_border(pieces: &[Piece], first: usize, at: usize) -> usize {
    if is_clean(pieces, at) {
        return at;
    }
    let room = HARD_CHARS.saturating_sub(pieces[at].chars);
    let fitting = |border: &usize| length(&pieces[*border..at]) <= room;
    // A border between paragraphs, when the portion before it stays long enough.
    let clean = (first + 1..at)
        .rev()
        .take_while(fitting)
        .find(|&border| is_clean(pieces, border) && length(&pieces[first..border]) >= LEAST_CHARS);
    // Else the lead-in and the header at least go with what they introduce.
    clean.unwrap_or_else(|| {
        let mut border = at;
        while border > first + 1
            && at - border < TAKEN_ALONG
            && belongs_to_next(pieces, border - 1)
            && fitting(&(border - 1))
            // What stays has to tell something besides remarks.
            && length(&pieces[first..border - 1]) > 0
        {
            border -= 1;
        }
        while border < at && pieces[border].kind == BlockKind::Remark {
            border += 1;
        }
        border
    })
}

/// Tells whether a portion may begin at `at` without a lead.
fn is_clean(pieces: &[Piece], at: usize) -> bool {
    let kind = pieces[at].kind;
    let before = &pieces[at - 1];
    match kind {
        BlockKind::Remark | BlockKind::ListItem { .. } | BlockKind::TableRow { .. } => false,
        BlockKind::TableHeader { .. } => !matches!(before.kind, BlockKind::Caption) && !before.introduces,
        _ => !before.introduces,
    }
}

fn belongs_to_next(pieces: &[Piece], at: usize) -> bool {
    let piece = &pieces[at];
    piece.introduces
        || matches!(
            piece.kind,
            BlockKind::TableHeader { .. } | BlockKind::Caption | BlockKind::Remark
        )
}

fn length(pieces: &[Piece]) -> usize {
    pieces.iter().map(|piece| piece.chars).sum()
}

/// Collects what has to be repeated in front of the piece at `at`, outermost first.
fn lead(text: &str, pieces: &[Piece], above: &[Option<usize>], at: usize) -> Vec<Piece> {
    let mut room = LEAD_CHARS;
    // Nearest first, so that the nearest stays when there is no room for all.
    let mut lead: Vec<Piece> = std::iter::successors(above[at], |&at| above[at])
        .map(|at| match pieces[at].kind {
            BlockKind::ListItem { .. } | BlockKind::Paragraph => shortened(text, &pieces[at]),
            _ => pieces[at],
        })
        .map_while(|piece| {
            room = room.checked_sub(piece.chars)?;
            Some(piece)
        })
        .collect();
    lead.reverse();
    lead
}

/// Finds for each piece the one without which it makes no sense: for an item the item above or the paragraph that
/// introduces the list, for a row the header of its table, for a header the caption.
///
/// In one pass: a table may have a million rows.
fn above(pieces: &[Piece]) -> Vec<Option<usize>> {
    let mut found = Vec::with_capacity(pieces.len());
    // The paragraph that introduces the list now open, and its open items, outermost first.
    let mut introduction = None;
    let mut items: Vec<(u8, usize)> = Vec::new();
    // The table now open, and what its next row needs.
    let mut table: Option<(u32, Option<usize>)> = None;
    let mut before: Option<usize> = None;
    for (at, piece) in pieces.iter().enumerate() {
        let kind = piece.kind;
        if kind == BlockKind::Remark {
            found.push(None);
            continue;
        }
        let caption = before.filter(|&before| pieces[before].kind == BlockKind::Caption);
        let mut needed = None;
        match kind {
            BlockKind::ListItem { depth } => {
                while items.last().is_some_and(|(open, _)| *open >= depth) {
                    items.pop();
                }
                needed = items.last().map(|(_, item)| *item).or(introduction);
                items.push((depth, at));
            }
            BlockKind::TableRow { table: number } => {
                let open = table.filter(|(open, _)| *open == number);
                needed = open.map_or(caption, |(_, header)| header);
                table = Some((number, needed));
            }
            BlockKind::TableHeader { table: number } => {
                let header = before.filter(|&before| pieces[before].kind == kind);
                needed = header.or(caption);
                table = Some((number, Some(at)));
            }
            _ => {}
        }
        if !matches!(kind, BlockKind::ListItem { .. }) {
            items.clear();
            introduction = (kind == BlockKind::Paragraph && piece.introduces).then_some(at);
        }
        if !matches!(kind, BlockKind::TableRow { .. } | BlockKind::TableHeader { .. }) {
            table = None;
        }
        found.push(needed);
        before = Some(at);
    }
    found
}

/// The last sentence of a paragraph that is too long to be repeated whole.
fn shortened(text: &str, piece: &Piece) -> Piece {
    if piece.chars <= LEAD_CHARS / 2 {
        return *piece;
    }
    let own = &text[piece.range.start..piece.range.end];
    let Some(last) = sentences(own).pop() else {
        return *piece;
    };
    let range = last.shifted(piece.range.start);
    Piece {
        range,
        chars: text[range.start..range.end].chars().count(),
        ..*piece
    }
}

/// A block as it is, or in whole sentences when it is too long for a passage.
fn pieces_of(text: &str, block: Block) -> Vec<Piece> {
    let own = &text[block.range.start..block.range.end];
    let piece = |range: ByteRange| {
        let words = &text[range.start..range.end];
        let remark = block.kind == BlockKind::Remark;
        Piece {
            kind: block.kind,
            range,
            page: block.page,
            chars: if remark { 0 } else { words.chars().count() },
            introduces: !remark && words.trim_end().ends_with(':'),
        }
    };
    if block.kind == BlockKind::Remark || own.chars().count() <= HARD_CHARS {
        return vec![piece(block.range)];
    }
    let mut pieces: Vec<ByteRange> = Vec::new();
    let mut chars = 0;
    for sentence in sentences(own) {
        for part in parts_of(own, sentence) {
            let length = own[part.start..part.end].chars().count();
            match pieces.last_mut() {
                Some(last) if chars + length <= TARGET_CHARS => {
                    last.end = part.end;
                    chars += length;
                }
                _ => {
                    pieces.push(part);
                    chars = length;
                }
            }
        }
    }
    pieces
        .into_iter()
        .map(|range| piece(trimmed(own, range).shifted(block.range.start)))
        .collect()
}

/// A sentence whole, or cut at clause borders, spaces, or in the last resort characters when it exceeds a passage.
fn parts_of(text: &str, sentence: ByteRange) -> Vec<ByteRange> {
    let mut parts = Vec::new();
    let mut start = sentence.start;
    loop {
        let rest = &text[start..sentence.end];
        let Some((limit, _)) = rest.char_indices().nth(HARD_CHARS) else {
            break;
        };
        let target = rest.char_indices().nth(TARGET_CHARS).map_or(limit, |(at, _)| at);
        let head = &rest[..limit];
        let mut clause = head
            .match_indices([';', ',', ':'])
            .map(|(at, mark)| at + mark.len())
            .filter(|&at| at >= target / 2 && rest[at..].starts_with(char::is_whitespace));
        let border = clause
            .next_back()
            .or_else(|| head.rfind(char::is_whitespace).filter(|&at| at > 0))
            .map_or(limit, |at| {
                at + rest[at..]
                    .chars()
                    .next()
                    .filter(|c| c.is_whitespace())
                    .map_or(0, char::len_utf8)
            });
        parts.push(ByteRange::new(start, start + border));
        start += border;
    }
    parts.push(ByteRange::new(start, sentence.end));
    parts
}

fn trimmed(text: &str, range: ByteRange) -> ByteRange {
    let own = &text[range.start..range.end];
    let end = range.start + own.trim_end().len();
    let start = range.end - own.trim_start().len();
    if start < end {
        ByteRange::new(start, end)
    } else {
        range
    }
}
