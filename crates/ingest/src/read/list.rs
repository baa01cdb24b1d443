//! Lists that a format does not mark: paragraphs behind a colon, «1) …;», «а) …», «- …», or small letters and semicolons.
//!
//! Owns: recognising items and their depth. Leaves items that the format marks alone.

use super::draft::{Para, Role};

/// How an item begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marker {
    Number,
    Letter,
    Dash,
    Bullet,
    /// No mark: it begins with a small letter.
    Bare,
}

/// Sets the role of paragraphs that are items of a list.
pub(super) fn mark_items(paras: &mut [Para]) {
    let mut open: Vec<Marker> = Vec::new();
    let mut previous: Option<(String, bool)> = None;
    for para in paras {
        match para.role {
            Role::Plain => {}
            Role::Item(_) => {
                previous = None;
                continue;
            }
            _ => {
                open.clear();
                previous = None;
                continue;
            }
        }
        let marker = marker_of(&para.text);
        let led = previous
            .as_ref()
            .is_some_and(|(end, item)| end == ":" || (*item && (end == ";" || end == ",")));
        let item = match marker {
            Some(Marker::Bare) => led,
            Some(_) => true,
            None => false,
        };
        if let (true, Some(marker)) = (item, marker) {
            match open.iter().position(|known| *known == marker) {
                Some(at) => open.truncate(at + 1),
                None => open.push(marker),
            }
            para.role = Role::Item((open.len() - 1).min(8) as u8);
        } else {
            open.clear();
        }
        let end = para
            .text
            .chars()
            .next_back()
            .map(String::from)
            .unwrap_or_default();
        previous = Some((end, item));
    }
}

fn marker_of(text: &str) -> Option<Marker> {
    let first = text.chars().next()?;
    let after = &text[first.len_utf8()..];
    if matches!(
        first,
        '•' | '▪' | '◦' | '●' | '■' | '✓' | '☐' | '☑' | '☒' | '*' | '·'
    ) && after.starts_with(' ')
    {
        return Some(Marker::Bullet);
    }
    if matches!(first, '-' | '–' | '—') && after.starts_with(' ') {
        return Some(Marker::Dash);
    }
    if first.is_ascii_digit() {
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        return (rest.starts_with(')') && text.len() - rest.len() <= 8).then_some(Marker::Number);
    }
    if first.is_alphabetic() && after.starts_with(')') {
        return Some(Marker::Letter);
    }
    first.is_lowercase().then_some(Marker::Bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], depths: &[Option<u8>]) {
        let mut paras: Vec<Para> = lines.iter().map(|line| Para::new(Role::Plain, *line)).collect();
        mark_items(&mut paras);
        let found: Vec<Option<u8>> = paras
            .iter()
            .map(|para| {
                if let Role::Item(depth) = para.role {
                    Some(depth)
                } else {
                    None
                }
            })
            .collect();
        assert_eq!(found, depths, "{lines:?}");
    }

    #[test]
    fn paragraphs_behind_a_colon_are_items() {
        check(
            &["Задачи:", "охрана труда;", "разрешение споров.", "Это текст."],
            &[None, Some(0), Some(0), None],
        );
        check(
            &["Вправе:", "1) взять:", "а) отпуск;", "б) перерыв;", "2) уйти."],
            &[None, Some(0), Some(1), Some(1), Some(0)],
        );
        check(&["Это текст.", "продолжение с малой буквы;"], &[None, None]);
    }
}
