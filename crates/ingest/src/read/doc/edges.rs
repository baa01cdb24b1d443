//! The headers and footers of a DOC that are drawn once and so are no running lines: the letterhead of a first page that
//! differs, those of a document of one page.

use std::ops::Range;

use super::super::ole::{u16_at, u32_at};
use super::properties::modifications;

/// Texts that separate notes from the page stand before those of the first section.
const SEPARATORS: usize = 6;

/// The texts of a section, after their separators: headers of even and odd pages, footers of both, header and footer of
/// the first page.
const ODD_HEADER: usize = SEPARATORS + 1;
const ODD_FOOTER: usize = SEPARATORS + 3;
const FIRST_HEADER: usize = SEPARATORS + 4;
const FIRST_FOOTER: usize = SEPARATORS + 5;

/// Tells whether the first page of the first section has a header and footer of its own; `sections` is the list of them.
pub(super) fn first_differs(main: &[u8], sections: &[u8]) -> bool {
    const ENTRY_BYTES: usize = 12;
    const TITLE_PAGE: u16 = 0x300a;
    let count = sections.len().saturating_sub(4) / (4 + ENTRY_BYTES);
    let place = u32_at(sections, (count + 1) * 4 + 2).filter(|_| count > 0);
    let list = place.and_then(|place| {
        let place = place as usize;
        let length = usize::from(u16_at(main, place)?);
        main.get(place + 2..place + 2 + length)
    });
    let mut differs = false;
    modifications(list.unwrap_or_default(), false, |code, operand| {
        if code == TITLE_PAGE {
            differs = operand[0] != 0;
        }
    });
    differs
}

/// Returns where the headers and footers lie that are drawn once, within the part that holds all of them.
pub(super) fn once(
    list: &[u8],
    part: &Range<usize>,
    first_differs: bool,
    pages: Option<u32>,
) -> Vec<Range<usize>> {
    let wanted = match (first_differs, pages) {
        (true, _) => [FIRST_HEADER, FIRST_FOOTER],
        (false, Some(1)) => [ODD_HEADER, ODD_FOOTER],
        _ => return Vec::new(),
    };
    let at = |number: usize| {
        let within = u32_at(list, number * 4)? as usize;
        Some(part.start.saturating_add(within).min(part.end))
    };
    let ranges = wanted
        .into_iter()
        .filter_map(|number| Some(at(number)?..at(number + 1)?));
    ranges.filter(|range| !range.is_empty()).collect()
}
