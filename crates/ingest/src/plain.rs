//! Plain text: a blank line or a line of its own parts paragraphs.

use docent_corpus::BlockKind;

use crate::build::Builder;

/// Lines shorter than this were ended on purpose: text wrapped by an editor fills its lines.
const WRAPPED: usize = 60;

/// Reads plain text.
pub(crate) fn read(text: &str, into: &mut Builder) {
    let mut paragraph = String::new();
    for line in text.lines() {
        let line = line.trim();
        let wrapped = paragraph.chars().count() >= WRAPPED && !paragraph.ends_with(['.', ';', ':', '!', '?']);
        let goes_on = wrapped
            && line
                .chars()
                .next()
                .is_some_and(|first| first.is_lowercase() || first.is_ascii_digit());
        if goes_on {
            paragraph.push(' ');
        } else if !paragraph.is_empty() {
            into.push(BlockKind::Paragraph, &paragraph);
            paragraph.clear();
        }
        paragraph.push_str(line);
    }
    into.push(BlockKind::Paragraph, &paragraph);
}
