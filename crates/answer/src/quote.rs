//! Which words of a passage to quote.
//!
//! Invariant: a quote is exactly the text at its range.

use docent_corpus::{BlockKind, ByteRange, Hit, Line, Quote, Retrieval};
use docent_language::{detect, sentences, tokens};

/// A sentence, item or row that can be quoted by itself.
pub(crate) struct Unit {
    pub(crate) quote: Quote,
    pub(crate) kind: BlockKind,
    /// Idf of the question's terms that stand in it.
    pub(crate) weight: f32,
    /// Which terms of the question stand in it, by their place there.
    held: Vec<usize>,
}

impl Unit {
    /// Tells whether the term with this place in the question stands in it.
    pub(crate) fn holds(&self, term: usize) -> bool {
        self.held.contains(&term)
    }

    fn chars(&self) -> usize {
        self.quote.text.chars().count()
    }
}

/// Parts a passage into what can be quoted by itself, in order.
pub(crate) fn units(found: &Retrieval, hit: &Hit) -> Vec<Unit> {
    hit.passage
        .lines
        .iter()
        .filter(|line| line.kind != BlockKind::Remark)
        .flat_map(|line| parts(found, line))
        .collect()
}

fn most_telling(units: &[Unit]) -> Option<usize> {
    (0..units.len()).max_by(|&one, &other| {
        let weight = |at: usize| units[at].weight;
        weight(one).total_cmp(&weight(other)).then(other.cmp(&one))
    })
}

/// Chooses the sentences around the most telling one, at most `limit` characters of them.
pub(crate) fn quotes(mut units: Vec<Unit>, hit: &Hit, limit: usize) -> Vec<Quote> {
    let Some(best) = most_telling(&units) else {
        return Vec::new();
    };
    let mut lead: Vec<Quote> = Vec::new();
    if matches!(
        units[best].kind,
        BlockKind::ListItem { .. } | BlockKind::TableRow { .. }
    ) {
        lead = hit
            .passage
            .lead
            .iter()
            .map(|line| Quote {
                range: line.range,
                text: line.text.clone(),
            })
            .collect();
    }
    // Where the table begins in this very passage, its header is among the passage's own lines.
    let header = header_of(&units, best);
    let mut used = header.map_or(0, |at| units[at].chars())
        + units[best].chars()
        + lead.iter().map(|quote| quote.text.chars().count()).sum::<usize>();
    let (mut from, mut to) = (best, best + 1);
    // What follows explains more often than what goes before, so the window grows forward first.
    while to < units.len() && used + units[to].chars() <= limit {
        used += units[to].chars();
        to += 1;
    }
    while from > 0 && used + units[from - 1].chars() <= limit {
        from -= 1;
        used += units[from].chars();
    }
    if let Some(at) = header.filter(|&at| at < from) {
        lead.push(units[at].quote.clone());
    }
    lead.extend(units.drain(from..to).map(|unit| unit.quote));
    lead
}

/// Finds the header above a row.
fn header_of(units: &[Unit], row: usize) -> Option<usize> {
    let BlockKind::TableRow { table } = units[row].kind else {
        return None;
    };
    let header = BlockKind::TableHeader { table };
    units[..row].iter().rposition(|unit| unit.kind == header)
}

/// Returns the most telling sentence, cut at a word when it is longer than `limit` characters.
pub(crate) fn telling(units: Vec<Unit>, limit: usize) -> Option<Quote> {
    let best = most_telling(&units)?;
    let mut quote = units.into_iter().nth(best)?.quote;
    if let Some((end, _)) = quote.text.char_indices().nth(limit) {
        let end = quote.text[..end].rfind(' ').unwrap_or(end);
        quote.text.truncate(end);
        quote.range.end = quote.range.start + end;
    }
    Some(quote)
}

fn parts(found: &Retrieval, line: &Line) -> Vec<Unit> {
    let whole = !matches!(line.kind, BlockKind::Paragraph | BlockKind::Footnote);
    let ranges = if whole {
        vec![ByteRange::new(0, line.text.len())]
    } else {
        sentences(&line.text)
    };
    ranges
        .into_iter()
        .filter_map(|range| {
            let words = range.of(&line.text)?.trim_end();
            let stems: Vec<String> = tokens(words, detect(words))
                .into_iter()
                .map(|token| token.stem)
                .collect();
            let held: Vec<usize> = (0..found.terms.len())
                .filter(|&at| stems.contains(&found.terms[at].stem))
                .collect();
            let start = line.range.start + range.start;
            let quote = Quote {
                range: ByteRange::new(start, start + words.len()),
                text: words.to_owned(),
            };
            Some(Unit {
                quote,
                kind: line.kind,
                weight: held.iter().map(|&at| found.terms[at].idf).sum(),
                held,
            })
        })
        .filter(|unit| !unit.quote.text.is_empty())
        .collect()
}
