//! The words around quotes, in the three languages.

use docent_corpus::{Assistant, Language};
use docent_language::tokens;

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

/// What stands above the places that may help.
pub(crate) fn offer(language: Language) -> &'static str {
    match language {
        Language::Russian => "Точного ответа в документах нет. Возможно, помогут эти места:",
        Language::Kazakh => "Құжаттарда нақты жауап жоқ. Мына жерлер көмектесуі мүмкін:",
        Language::English => "The documents do not answer this exactly. These places may help:",
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

/// The page of a source, as it stands behind its title.
pub(crate) fn page(page: u32, language: Language) -> String {
    match language {
        Language::Russian => format!(", с. {page}"),
        Language::Kazakh => format!(", {page}-бет"),
        Language::English => format!(", p. {page}"),
    }
}

/// What a message is when it asks nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Courtesy {
    Greeting,
    Thanks,
}

impl Courtesy {
    /// Recognises a message that is nothing but a greeting or thanks; one with a word more is a question.
    pub(crate) fn of(text: &str, language: Language) -> Option<Self> {
        const GREETING: &str = " привет здравствуйте здравствуй добрый доброе доброго день дня утро утра вечер вечера приветствую \
             салем сәлем сәлеметсіз сәлеметсіздер ассалаумағалейкум бе ме қайырлы күн таң кеш \
             hello hi hey good morning afternoon evening day greetings ";
        const THANKS: &str = " спасибо благодарю большое огромное спс вам тебе за ответ помощь рақмет рахмет көп сізге \
             thanks thank you very much a lot ";
        /// What tells a greeting or thanks from words that merely go with them.
        const MARKS: [(&str, Courtesy); 2] = [
            (
                " привет здравствуйте здравствуй приветствую добрый доброе доброго салем сәлем сәлеметсіз \
                 сәлеметсіздер ассалаумағалейкум қайырлы hello hi hey good greetings ",
                Courtesy::Greeting,
            ),
            (
                " спасибо благодарю спс рақмет рахмет thanks thank ",
                Courtesy::Thanks,
            ),
        ];
        /// A longer message says something else as well.
        const MOST_WORDS: usize = 5;
        let words = tokens(text, language);
        let is = |list: &str, word: &str| list.contains(&format!(" {word} "));
        if words.is_empty() || words.len() > MOST_WORDS {
            return None;
        }
        MARKS.into_iter().find_map(|(marks, courtesy)| {
            let all = match courtesy {
                Self::Greeting => GREETING,
                Self::Thanks => THANKS,
            };
            let fits = words.iter().all(|token| is(all, &token.word))
                && words.iter().any(|token| is(marks, &token.word));
            fits.then_some(courtesy)
        })
    }

    /// Returns the reply, with what the assistant can answer.
    pub(crate) fn reply(self, assistant: &Assistant, language: Language) -> String {
        let about = [&assistant.description, &assistant.name]
            .into_iter()
            .find(|text| !text.trim().is_empty())
            .map_or("", |text| text.trim().trim_end_matches('.'));
        let line = match (self, language) {
            (Self::Greeting, Language::Russian) => "Здравствуйте! Задайте вопрос, и я отвечу по документам.",
            (Self::Greeting, Language::Kazakh) => {
                "Сәлеметсіз бе! Сұрағыңызды қойыңыз, құжаттар бойынша жауап беремін."
            }
            (Self::Greeting, Language::English) => {
                "Hello! Ask a question, and I will answer from the documents."
            }
            (Self::Thanks, Language::Russian) => "Пожалуйста! Если есть ещё вопросы, спрашивайте.",
            (Self::Thanks, Language::Kazakh) => "Оқасы жоқ! Тағы сұрағыңыз болса, қойыңыз.",
            (Self::Thanks, Language::English) => "You are welcome! Ask if there is anything else.",
        };
        match self {
            Self::Greeting if !about.is_empty() => format!("{line}\n\n{about}."),
            Self::Greeting | Self::Thanks => line.to_owned(),
        }
    }
}

/// Tells whether a message is talk for the sake of talking: it asks nothing of any document.
pub(crate) fn is_small_talk(text: &str) -> bool {
    const WORDS: &str = " привет здравствуй здравствуйте салем сәлем hello hi hey как дела делишки жизнь жизни поживаешь поживаете \
         настроение ты вы кто такой такая робот бот человек живой нового у тебя вас что ";
    const MARKS: &str = " дела делишки жизнь поживаешь поживаете настроение робот бот ";
    /// A longer message says something else as well.
    const MOST_WORDS: usize = 6;
    let words = tokens(text, Language::Russian);
    let is = |list: &str, word: &str| list.contains(&format!(" {word} "));
    words.len() <= MOST_WORDS
        && words.iter().all(|token| is(WORDS, &token.word))
        && words.iter().any(|token| is(MARKS, &token.word))
        && words.len() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_message_that_is_nothing_else_is_a_courtesy() {
        let check = |text: &str| Courtesy::of(text, docent_language::detect(text));
        for text in [
            "Привет!",
            "Здравствуйте",
            "добрый день",
            "Сәлеметсіз бе?",
            "Hello",
            "Good morning",
        ] {
            assert_eq!(check(text), Some(Courtesy::Greeting), "{text}");
        }
        for text in [
            "Спасибо большое!",
            "спасибо за помощь",
            "Рақмет",
            "Thank you very much",
        ] {
            assert_eq!(check(text), Some(Courtesy::Thanks), "{text}");
        }
        for text in [
            "привет как дела",
            "Здравствуйте, сколько дней отпуска?",
            "день",
            "good",
            "спасибо за отпуск",
            "",
        ] {
            let expected = (text == "good").then_some(Courtesy::Greeting);
            assert_eq!(check(text), expected, "{text}");
        }
    }

    #[test]
    fn small_talk_is_told_from_questions() {
        for text in ["Привет, как дела?", "как жизнь", "Ты робот?", "как настроение"]
        {
            assert!(is_small_talk(text), "{text}");
        }
        for text in [
            "Как подать дело в архив?",
            "дела",
            "Что нового в приказе?",
            "Кто ты такой",
        ] {
            assert!(!is_small_talk(text), "{text}");
        }
    }
}
