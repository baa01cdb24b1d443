//! The words around quotes, in the three languages, and which language they are to be in.

use docent_corpus::Language;
use docent_language::{detect, tokens};

/// The honest «not found».
pub(crate) fn fallback(language: Language) -> &'static str {
    match language {
        Language::Russian => {
            "К сожалению, по вашему вопросу не найдено подходящей информации. Попробуйте спросить другими словами."
        }
        Language::Kazakh => {
            "К сожалению, по вашему вопросу не найдено подходящей информации. Өкінішке қарай, сұрағыңыз бойынша ақпарат табылмады."
        }
        Language::English => {
            "К сожалению, по вашему вопросу не найдено подходящей информации. Unfortunately, the documents do not answer this question."
        }
    }
}

/// What stands above the places that may help: that there is no exact answer always comes first, then how the question was
/// read, if not as it was typed.
pub(crate) fn offer(read: Option<&str>, language: Language) -> String {
    let (none, places) = match language {
        Language::Russian => ("Точного ответа в документах нет.", "Возможно, помогут эти места:"),
        Language::Kazakh => ("Құжаттарда нақты жауап жоқ.", "Мына жерлер көмектесуі мүмкін:"),
        Language::English => (
            "The documents do not answer this exactly.",
            "These places may help:",
        ),
    };
    match read {
        Some(text) => format!("{none} {} {places}", reading(text, language)),
        None => format!("{none} {places}"),
    }
}

/// How a question was read that was not sought as it was typed.
pub(crate) fn reading(text: &str, language: Language) -> String {
    match language {
        Language::Russian => format!("Вопрос прочитан так: «{text}»."),
        Language::Kazakh => format!("Сұрақ былай оқылды: «{text}»."),
        Language::English => format!("The question was read as “{text}”."),
    }
}

/// The last line of an answer that a person has written, with the last day on which it holds.
pub(crate) fn curated(until: Option<&str>, language: Language) -> String {
    let day = until.map(|until| date(until, language));
    match (language, day) {
        (Language::Russian, None) => "Ответ дан сотрудником организации.".to_owned(),
        (Language::Russian, Some(day)) => {
            format!("Ответ дан сотрудником организации и действует по {day} включительно.")
        }
        (Language::Kazakh, None) => "Жауапты ұйым қызметкері берген.".to_owned(),
        (Language::Kazakh, Some(day)) => {
            format!("Жауапты ұйым қызметкері берген, ол {day} күнін қоса алғанда жарамды.")
        }
        (Language::English, None) => "This answer was given by a member of staff.".to_owned(),
        (Language::English, Some(day)) => {
            format!("This answer was given by a member of staff and holds through {day}.")
        }
    }
}

/// The page of a source, as it stands behind its title.
pub(crate) fn page(page: u32, language: Language) -> String {
    match language {
        Language::Russian => format!(", с. {page}"),
        Language::Kazakh => format!(", {page}-бет"),
        Language::English => format!(", p. {page}"),
    }
}

/// Returns a date in ISO 8601 as people write it: `01.03.2026`, in English as it stands; without the time of day.
pub(crate) fn date(date: &str, language: Language) -> String {
    let day = date.split(['T', ' ']).next().unwrap_or(date);
    let parts: Vec<&str> = day.split('-').collect();
    match (language, parts.as_slice()) {
        (Language::Russian | Language::Kazakh, [year, month, day]) => format!("{day}.{month}.{year}"),
        _ => day.to_owned(),
    }
}

/// Returns the language in which a question wants its frame: that of its own words, not of the names in it.
///
/// «Как подключить Office?» has more Latin letters than Cyrillic ones and is Russian nevertheless: the words that shape
/// the sentence tell.
pub(crate) fn language_of(question: &str) -> Language {
    let is_latin = |word: &str| word.chars().any(|letter| letter.is_ascii_alphabetic());
    let is_cyrillic = |word: &str| {
        word.chars()
            .any(|letter| ('\u{400}'..='\u{52f}').contains(&letter))
    };
    let words = tokens(question, Language::Russian);
    let shapes = |is: &dyn Fn(&str) -> bool| {
        words.iter().any(|token| {
            (token.stop || token.question) && token.word.chars().nth(1).is_some() && is(&token.word)
        })
    };
    let cyrillic: Vec<&str> = words
        .iter()
        .filter_map(|token| token.range.of(question))
        .filter(|word| is_cyrillic(word))
        .collect();
    if cyrillic.is_empty() {
        return detect(question);
    }
    if shapes(&is_latin) && !shapes(&is_cyrillic) {
        return Language::English;
    }
    // Most of the words, where none shapes the sentence.
    let latin = words.iter().filter(|token| is_latin(&token.word)).count();
    if !shapes(&is_cyrillic) && latin > cyrillic.len() {
        return Language::English;
    }
    detect(&cyrillic.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_speaks_the_language_of_the_question_and_not_of_the_names_in_it() {
        for (question, language) in [
            ("Сколько?", Language::Russian),
            ("отпуск", Language::Russian),
            ("Как подключить GlobalProtect Enterprise?", Language::Russian),
            ("Wi-Fi қалай қосылады?", Language::Kazakh),
            ("Wi-Fi калай косылады?", Language::Kazakh),
            ("Microsoft Teams қайда?", Language::Kazakh),
            ("Қанша тұрады?", Language::Kazakh),
            ("How much?", Language::English),
            ("vacation", Language::English),
            ("What is «Доступная среда»?", Language::English),
            ("Who signs the Акт?", Language::English),
            ("VPN", Language::English),
            ("2026", Language::Russian),
        ] {
            assert_eq!(language_of(question), language, "{question}");
        }
    }
}
