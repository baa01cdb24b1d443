//! Editorial remarks inside the text of laws: «(В редакции Федерального закона …)», «(Статья утратила силу - …)».
//!
//! Owns: finding them by their words, in any format. They are nobody's rule, so the reader sets them apart.

/// Takes the editorial remarks out of `text`: returns what is left and the remarks in their order.
pub(super) fn take_out(text: &str) -> (String, Vec<String>) {
    let mut rest = String::new();
    let mut remarks = Vec::new();
    let mut done = 0;
    for (open, close) in pairs(text) {
        if open >= done && is_remark(&text[open + 1..close], ends_sentence(&text[close + 1..])) {
            rest.push_str(&text[done..open]);
            remarks.push(text[open..=close].to_owned());
            done = close + 1;
        }
    }
    if remarks.is_empty() {
        return (text.to_owned(), remarks);
    }
    rest.push_str(&text[done..]);
    let rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
    if is_placeholder(&rest) {
        // «Часть. (Утратила силу - …)»: what is left only says what was there.
        if !rest.is_empty() {
            remarks[0].insert_str(0, &format!("{rest} "));
        }
        return (String::new(), remarks);
    }
    (rest, remarks)
}

/// Returns where each parenthesis that closes opens and closes, in the order of opening.
fn pairs(text: &str) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut open = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => open.push(at),
            b')' => pairs.extend(open.pop().map(|open| (open, at))),
            _ => {}
        }
    }
    pairs.sort_unstable();
    pairs
}

fn ends_sentence(after: &str) -> bool {
    let after = after.trim_start_matches(['.', ';', ',', ' ']);
    after.is_empty() || after.starts_with('(')
}

/// Words for the parts of an act, as they open a remark.
const PARTS: [&str; 18] = [
    "часть",
    "статья",
    "пункт",
    "подпункт",
    "абзац",
    "наименование",
    "глава",
    "раздел",
    "подраздел",
    "строка",
    "параграф",
    "преамбула",
    "приложение",
    "примечание",
    "предложение",
    "позиция",
    "п.",
    "название",
];

/// Tells whether the words of a parenthesis are an editor's; `last` tells that it ends its sentence.
fn is_remark(inner: &str, last: bool) -> bool {
    /// What is decisive stands at the front.
    const HEAD_CHARS: usize = 160;
    /// By then the date or number of the amending act has come.
    const DATE_BYTES: usize = 1_000;
    let head: String = inner.trim_start().chars().take(HEAD_CHARS).collect();
    let capital = head.chars().next().is_some_and(char::is_uppercase);
    let head = head.to_lowercase();
    let dated = &inner[..inner.floor_char_boundary(DATE_BYTES)];
    // In the middle of a sentence «(в редакции …)» with a small letter is the law's own reference.
    if !(capital || last) || !dated.contains(|c: char| c.is_ascii_digit()) {
        return false;
    }
    if ["в редакции ", "в ред. "]
        .iter()
        .any(|start| head.starts_with(start))
    {
        return !head.contains("действовавш");
    }
    if !capital {
        return false;
    }
    let changed = [
        "в редакции",
        "в ред.",
        "утратил",
        "дополнен",
        "исключен",
        "исключён",
        "введен",
        "введён",
        "признан",
    ];
    if ["дополнение ", "дополнен"]
        .iter()
        .any(|start| head.starts_with(start))
    {
        return head.contains("закон") || head.contains("указ") || head.contains("постановлен");
    }
    if head.starts_with("с учетом ") || head.starts_with("с учётом ") {
        return head.contains("постановлени") || head.contains("закон");
    }
    head.starts_with("утратил")
        || head.starts_with("введен")
        || (PARTS.iter().any(|part| head.starts_with(part)) && changed.iter().any(|word| head.contains(word)))
}

fn is_placeholder(rest: &str) -> bool {
    /// «Подпункт 12.1.» and the like.
    const MAX_CHARS: usize = 24;
    let bare = rest.trim_end_matches(['.', ';', ',', ')']).to_lowercase();
    let mut words = bare.split_whitespace();
    let Some(first) = words.next() else { return true };
    let numbers = |word: &str| word.chars().all(|c| c.is_ascii_digit() || ".)-".contains(c));
    // An article's or chapter's bare number stays: it is a heading.
    rest.chars().count() <= MAX_CHARS
        && (numbers(first) || ["часть", "абзац", "пункт", "подпункт"].contains(&first))
        && words.all(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, rest: &str, remarks: &[&str]) {
        let (left, taken) = take_out(text);
        assert_eq!(
            (
                left.as_str(),
                taken.iter().map(String::as_str).collect::<Vec<_>>()
            ),
            (rest, remarks.to_vec())
        );
    }

    #[test]
    fn remarks_leave_the_text() {
        check(
            "1) следят за порядком; (В редакции Федерального закона от 01.02.2020 № 1-ФЗ)",
            "1) следят за порядком;",
            &["(В редакции Федерального закона от 01.02.2020 № 1-ФЗ)"],
        );
        check(
            "Срок (Дополнение словом (частью) - Федеральный закон от 01.02.2020 № 1-ФЗ) равен дню.",
            "Срок равен дню.",
            &["(Дополнение словом (частью) - Федеральный закон от 01.02.2020 № 1-ФЗ)"],
        );
        check(
            "Часть. (Утратила силу - Федеральный закон от 22.11.2021 № 377-ФЗ)",
            "",
            &["Часть. (Утратила силу - Федеральный закон от 22.11.2021 № 377-ФЗ)"],
        );
    }

    #[test]
    fn an_articles_own_parentheses_stay() {
        for text in [
            "Работник (часть вторая статьи 5) вправе.",
            "применяется пункт 3 (в редакции закона от 1 января 2020 года) с учётом срока",
            "Открытая (скобка без пары от 2020 года",
        ] {
            check(text, text, &[]);
        }
    }
}
