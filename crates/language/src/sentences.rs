//! Where sentences end.

use docent_corpus::ByteRange;

/// Abbreviations after which a full stop ends nothing, lower case, without the stop.
const SHORT: &str = " г гг ст п пп ч абз руб тыс млн млрд коп т е д др пр см рис табл ул кв обл им тел доб проф акад инж гр шт экз мин макс ред сокр англ стр с б ж ш р подп разд гл прим напр ср тг mr mrs dr no inc vs etc e g i ";

/// Parts `text` at sentence ends.
///
/// Ranges are byte offsets, in order, without gaps or overlap: joined, they give `text` back; white space after a
/// sentence belongs to it. A stop after an abbreviation, an initial or inside a number ends nothing, and neither does one
/// before a lower-case letter.
pub fn sentences(text: &str) -> Vec<ByteRange> {
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let byte = |at: usize| letters.get(at).map_or(text.len(), |&(byte, _)| byte);
    let mut found = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < letters.len() {
        let mark = letters[at].1;
        at += 1;
        if !matches!(mark, '.' | '!' | '?' | '…') {
            continue;
        }
        let stop = at - 1;
        while at < letters.len()
            && matches!(letters[at].1, '.' | '!' | '?' | '…' | '»' | '"' | '”' | ')' | ']')
        {
            at += 1;
        }
        let spaces = at;
        while at < letters.len() && letters[at].1.is_whitespace() {
            at += 1;
        }
        if at >= letters.len() {
            break;
        }
        let next = letters[at..]
            .iter()
            .map(|&(_, next)| next)
            .find(|next| !matches!(next, '«' | '"' | '(' | '„'));
        let begins = next
            .is_some_and(|next| next.is_uppercase() || next.is_ascii_digit() || matches!(next, '—' | '–'));
        if spaces == at || !begins || (mark == '.' && shortened(&letters, stop, next)) {
            continue;
        }
        found.push(ByteRange::new(byte(start), byte(at)));
        start = at;
    }
    if start < letters.len() {
        found.push(ByteRange::new(byte(start), text.len()));
    }
    found
}

/// Tells whether the stop at `stop` closes an abbreviation, an initial or a leading number.
fn shortened(letters: &[(usize, char)], stop: usize, next: Option<char>) -> bool {
    let word: String = letters[..stop]
        .iter()
        .rev()
        .map(|&(_, letter)| letter)
        .take_while(|letter| letter.is_alphanumeric())
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    let mut symbols = word.chars();
    let initial = matches!((symbols.next(), symbols.next()), (Some(only), None) if only.is_uppercase());
    let number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let leads = number
        && letters[..stop]
            .iter()
            .all(|&(_, letter)| letter.is_ascii_digit() || letter == '.' || letter.is_whitespace());
    let lower = word.to_lowercase();
    // «в 2024 г. Агентство» does end; «г. Алматы» does not: a year before the letter tells.
    let year = matches!(
        lower.as_str(),
        "г" | "гг" | "руб" | "коп" | "тг" | "тыс" | "млн" | "млрд"
    ) && next.is_some_and(char::is_uppercase)
        && letters[..stop]
            .iter()
            .rev()
            .skip(word.chars().count())
            .map(|&(_, letter)| letter)
            .find(|letter| !letter.is_whitespace())
            .is_some_and(|letter| letter.is_ascii_digit());
    !year && (initial || leads || SHORT.contains(&format!(" {lower} ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(marked: &str) {
        let wanted: Vec<&str> = marked.split('|').collect();
        let text = wanted.concat();
        let found: Vec<&str> = sentences(&text)
            .into_iter()
            .filter_map(|range| range.of(&text))
            .collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn abbreviations_initials_and_numbers_end_no_sentence() {
        for marked in [
            "Заявку подают до 5 мая. |Её рассматривают 10 дней.",
            "По п. 3 ст. 136 Кодекса платят дважды. |Срок — месяц.",
            "Директор И. И. Иванов подписал приказ. |Приказ действует.",
            "Сумма 5 тыс. руб. в месяц, т. е. мало.",
            "3.2. Срок составляет 10 дней. |Он не продлевается!",
            "Центр открыт в 2024 г. |Агентство работает в г. Сарыжаз.",
            "«Кто платит?» |Платит заявитель.",
            "Құжат тапсырылды. |Жауап үш күнде беріледі.",
            "See No. 5 for details. |It is free.",
        ] {
            check(marked);
        }
    }
}
