//! Headings that a format does not mark: «Статья 136. …», «Глава 2», «3.2. Порядок», a bold line that stands alone.
//!
//! Owns: recognising them and nesting them. Invariant: levels nest as acts do, Раздел > Глава > § > Статья > clauses, and
//! below the last heading that the format marked itself.

use super::draft::{Para, Role};
use super::title::is_issuer;

/// The longest line taken for a heading without a structural word: longer ones are sentences in bold.
const MAX_HEADING_CHARS: usize = 200;

/// The longest numbered line taken for a heading when it is not bold.
const MAX_NUMBERED_CHARS: usize = 90;

/// Ranks of structural headings, outermost first; gaps are for the depth of numbers.
const RANK_PART: u8 = 10;
const RANK_SECTION: u8 = 15;
const RANK_SUBSECTION: u8 = 20;
const RANK_CHAPTER: u8 = 25;
const RANK_PARAGRAPH: u8 = 30;
const RANK_ARTICLE: u8 = 35;
const RANK_BOLD: u8 = 40;
const RANK_NUMBERED: u8 = 45;

/// Finds the headings among the paragraphs that say nothing and sets their role.
pub(super) fn mark_headings(paras: &mut [Para]) {
    let ranks: Vec<Option<u8>> = (0..paras.len()).map(|at| rank_at(paras, at)).collect();
    let mut present: Vec<u8> = ranks.iter().flatten().copied().collect();
    present.sort_unstable();
    present.dedup();
    let mut base = 0_u8;
    for (para, rank) in paras.iter_mut().zip(ranks) {
        if let Role::Heading(level) = para.role {
            base = level;
        } else if let Some(rank) = rank {
            let depth = present.iter().position(|known| *known == rank).unwrap_or(0);
            // The outermost ranks begin a part of the whole document, whatever heading the format marked before.
            let level = usize::from(base) + depth + 1;
            para.role = Role::Heading(level.min(9) as u8);
        }
    }
}

fn rank_at(paras: &[Para], at: usize) -> Option<u8> {
    let para = &paras[at];
    if para.role != Role::Plain {
        return None;
    }
    if let Some(rank) = structural_rank(&para.text, para.strong) {
        return Some(rank);
    }
    let chars = para.text.chars().count();
    let next = paras.get(at + 1);
    let alone = next.is_some_and(|next| !matches!(next.role, Role::Row(..)));
    let after_lead_in = at > 0 && paras[at - 1].text.ends_with(':');
    if let Some(depth) = number_depth(&para.text) {
        let short = chars
            <= if para.strong {
                MAX_HEADING_CHARS
            } else {
                MAX_NUMBERED_CHARS
            };
        let next_is_like = next.is_some_and(|next| {
            number_depth(&next.text) == Some(depth)
                && next.text.chars().count() <= MAX_NUMBERED_CHARS
                && !next.strong
        });
        let last_is_like = at > 0
            && paras[at - 1].role == Role::Plain
            && !paras[at - 1].strong
            && number_depth(&paras[at - 1].text) == Some(depth)
            && paras[at - 1].text.chars().count() <= MAX_NUMBERED_CHARS;
        let closed = para.text.ends_with(['.', ';', ':', ',', '!']);
        let heading =
            short && !closed && alone && !after_lead_in && (para.strong || !(next_is_like || last_is_like));
        return heading.then_some(RANK_NUMBERED + depth);
    }
    let bold = para.strong
        && (3..=MAX_HEADING_CHARS).contains(&chars)
        && !is_issuer(&para.text)
        && alone
        && !para.text.ends_with([';', ':', ',', '.'])
        && para.text.chars().any(char::is_alphabetic)
        && !para.text.starts_with('(');
    bold.then_some(RANK_BOLD)
}

/// Returns the rank of a line that begins with the word and number of a part of an act.
pub(super) fn structural_rank(text: &str, strong: bool) -> Option<u8> {
    /// The longest titles of articles have some 300 characters.
    const MAX_TITLE_CHARS: usize = 400;
    if text.chars().count() > MAX_TITLE_CHARS {
        return None;
    }
    let mut words = text.split_whitespace();
    let first = words.next()?;
    let second = words.next().unwrap_or("");
    if first.starts_with('§') {
        return (first.len() > '§'.len_utf8() || starts_number(second)).then_some(RANK_PARAGRAPH);
    }
    let capital = first.chars().next().is_some_and(char::is_uppercase);
    let lower = first.to_lowercase();
    if let Some(rank) = kazakh_rank(&lower) {
        return Some(rank);
    }
    if !capital {
        return None;
    }
    let shouted = first.chars().all(|c| !c.is_lowercase());
    let numbered = starts_number(second);
    let rank = match lower.as_str() {
        "часть" | "part" if (strong || shouted) && (numbered || is_ordinal(second)) => RANK_PART,
        "приложение" | "қосымша" | "appendix" | "annex"
            if numbered || second == "№" || (second.is_empty() && (strong || shouted)) =>
        {
            RANK_PART
        }
        "раздел" if numbered || is_ordinal(second) => RANK_SECTION,
        "section" if numbered => RANK_SECTION,
        "подраздел" if numbered => RANK_SUBSECTION,
        "глава" | "chapter" if numbered => RANK_CHAPTER,
        "параграф" if numbered => RANK_PARAGRAPH,
        "статья" | "article" if numbered => RANK_ARTICLE,
        _ => return None,
    };
    // «Статья 5 закона гласит, что …» is a sentence: a heading's number is followed by a dot, a capital, or nothing.
    let rest = text[text.find(second)? + second.len()..].trim_start();
    let titled = second.ends_with(['.', ':'])
        || rest.is_empty()
        || rest.starts_with(['.', '-', '–', '—', '(', '«', '"'])
        || rest.chars().next().is_some_and(char::is_uppercase)
        || (second == "№" && rest.chars().next().is_some_and(|c| c.is_ascii_digit()));
    let sentence = !strong && rest.len() > 160 && rest.ends_with('.');
    (titled && !sentence).then_some(rank)
}

/// Kazakh puts the number first: «12-бап», «3-тарау», «2-бөлім».
fn kazakh_rank(word: &str) -> Option<u8> {
    let (number, noun) = word.split_once('-')?;
    if number.is_empty() || !number.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    match noun.trim_end_matches(['.', ':', ',']) {
        "бөлім" => Some(RANK_SECTION),
        "тарау" => Some(RANK_CHAPTER),
        "параграф" => Some(RANK_PARAGRAPH),
        "бап" => Some(RANK_ARTICLE),
        "қосымша" => Some(RANK_PART),
        _ => None,
    }
}

fn starts_number(word: &str) -> bool {
    let bare = word.trim_start_matches('№');
    let roman = bare.trim_end_matches(|c: char| c == '.' || c == ':' || c.is_ascii_digit());
    bare.starts_with(|c: char| c.is_ascii_digit())
        || (!roman.is_empty()
            && roman
                .chars()
                .all(|c| matches!(c, 'I' | 'V' | 'X' | 'L' | 'C' | 'І' | 'Х')))
}

fn is_ordinal(word: &str) -> bool {
    const ORDINALS: [&str; 8] = ["перв", "втор", "трет", "четв", "пят", "шест", "седьм", "восьм"];
    let lower = word.to_lowercase();
    ORDINALS.iter().any(|stem| lower.starts_with(stem))
}

/// Returns the depth of a number such as «3.2.» at the start of a line: 1 for «3.», 2 for «3.2».
fn number_depth(text: &str) -> Option<u8> {
    let (number, rest) = text.split_once(' ')?;
    let bare = number.strip_suffix('.').unwrap_or(number);
    let parts: Vec<&str> = bare.split('.').collect();
    let digits =
        |part: &&str| !part.is_empty() && part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.len() > 5 || !parts.iter().all(digits) || (parts.len() == 1 && !number.ends_with('.')) {
        return None;
    }
    rest.trim_start()
        .starts_with(|c: char| c.is_uppercase() || c == '«')
        .then_some(parts.len() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[(&str, bool)], levels: &[Option<u8>]) {
        let mut paras: Vec<Para> = lines
            .iter()
            .map(|(text, strong)| Para {
                strong: *strong,
                ..Para::new(Role::Plain, *text)
            })
            .collect();
        mark_headings(&mut paras);
        let found: Vec<Option<u8>> = paras
            .iter()
            .map(|para| {
                if let Role::Heading(level) = para.role {
                    Some(level)
                } else {
                    None
                }
            })
            .collect();
        assert_eq!(found, levels, "{lines:?}");
    }

    #[test]
    fn parts_of_an_act_nest() {
        check(
            &[
                ("Раздел I. ОБЩЕЕ", true),
                ("Глава 1. Начала", false),
                ("Статья 1. Цели", false),
                ("Целью является порядок.", false),
                ("Статья 2", false),
                ("Статья 2 закона гласит иное.", false),
            ],
            &[Some(1), Some(2), Some(3), None, Some(3), None],
        );
        check(
            &[
                ("2-бөлім. Еңбек", false),
                ("3-тарау. Шарт", false),
                ("12-бап. Мерзім", false),
                ("Мәтін.", false),
            ],
            &[Some(1), Some(2), Some(3), None],
        );
    }

    #[test]
    fn a_numbered_line_is_a_heading_only_when_text_follows_it() {
        check(
            &[
                ("3. Порядок", false),
                ("3.2. Сроки оплаты", false),
                ("Оплата идёт в срок.", false),
            ],
            &[Some(1), Some(2), None],
        );
        check(
            &[
                ("Нужны:", false),
                ("1. Паспорт", false),
                ("2. Заявление", false),
                ("Приходите.", false),
            ],
            &[None; 4],
        );
        check(
            &[("1. Работник обязан прийти.", false), ("Текст.", false)],
            &[None, None],
        );
    }
}
