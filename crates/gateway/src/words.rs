//! What a person reads when something went wrong, in three languages.

use std::fmt::Display;

use docent_corpus::Language::{self, English, Kazakh, Russian};
use docent_protocol::{ClientMessage, FieldName, JsonKind, MessageError};

/// A reply that is no answer.
pub(crate) enum Word<'a> {
    Selected(&'a str),
    /// A judgement was counted.
    Noted,
    UnknownAssistant,
    NotSelected,
    Empty,
    TooLong {
        limit: usize,
        length: usize,
    },
    TooOften {
        seconds: u64,
    },
    Busy {
        seconds: u64,
    },
    /// With the name of the request, which finds it in the log.
    NoAnswer(&'a dyn Display),
    /// The answer is longer than one reply may be.
    TooMuch,
    Binary,
    Form(&'a MessageError),
}

impl Word<'_> {
    /// Returns the sentence in `locale`.
    pub(crate) fn text(&self, locale: Language) -> String {
        let pick = |russian: &str, kazakh: &str, english: &str| match locale {
            Russian => russian.to_owned(),
            Kazakh => kazakh.to_owned(),
            English => english.to_owned(),
        };
        match self {
            Self::Selected(name) => format!(
                "{}: {name}",
                pick("Ассистент выбран", "Ассистент таңдалды", "Assistant selected")
            ),
            Self::Noted => pick(
                "Спасибо за отзыв",
                "Пікіріңізге рахмет",
                "Thank you for telling us",
            ),
            Self::UnknownAssistant => pick(
                "Ассистент не найден",
                "Ассистент табылмады",
                "Assistant not found",
            ),
            Self::NotSelected => pick(
                "Ассистент не выбран. Сначала отправьте {\"type\":\"select_assistant\",\"assistant_id\":1}",
                "Ассистент таңдалмаған. Алдымен {\"type\":\"select_assistant\",\"assistant_id\":1} жіберіңіз",
                "No assistant selected. First send {\"type\":\"select_assistant\",\"assistant_id\":1}",
            ),
            Self::Empty => pick("Пустой вопрос", "Сұрақ бос", "Empty question"),
            Self::TooLong { limit, length } => match locale {
                Russian => format!("Вопрос слишком длинный: {length} символов, можно не больше {limit}"),
                Kazakh => format!("Сұрақ тым ұзын: {length} таңба, ең көбі {limit}"),
                English => format!("The question is too long: {length} characters, at most {limit}"),
            },
            Self::TooOften { seconds } => match locale {
                Russian => format!("Слишком много вопросов за короткое время. Повторите через {seconds} с"),
                Kazakh => format!("Қысқа уақытта сұрақ тым көп. {seconds} секундтан кейін қайталаңыз"),
                English => format!("Too many questions in a short time. Try again in {seconds} s"),
            },
            Self::Busy { seconds } => match locale {
                Russian => format!("Сейчас слишком много вопросов. Повторите через {seconds} с"),
                Kazakh => format!("Қазір сұрақ тым көп. {seconds} секундтан кейін қайталаңыз"),
                English => format!("There are too many questions right now. Try again in {seconds} s"),
            },
            Self::NoAnswer(request) => match locale {
                Russian => format!(
                    "Не удалось подготовить ответ. Попробуйте ещё раз чуть позже (номер запроса {request})"
                ),
                Kazakh => format!(
                    "Жауап дайындау мүмкін болмады. Сәл кейінірек қайталап көріңіз (сұрау нөмірі {request})"
                ),
                English => format!(
                    "The answer could not be made. Please try again a little later (request {request})"
                ),
            },
            Self::TooMuch => pick(
                "Ответ слишком длинный. Спросите о чём-то более узком",
                "Жауап тым ұзын. Нақтырақ сұрап көріңіз",
                "The answer is too long. Please ask about something narrower",
            ),
            Self::Binary => pick(
                "Ожидалось текстовое сообщение JSON, получено двоичное",
                "JSON мәтіндік хабарламасы күтілді, екілік хабарлама алынды",
                "A JSON text message was expected, a binary one came",
            ),
            Self::Form(error) => form(error, locale),
        }
    }
}

fn kind_name(kind: JsonKind, locale: Language) -> &'static str {
    match (kind, locale) {
        (JsonKind::Null, _) => "null",
        (JsonKind::Boolean, _) => "true/false",
        (JsonKind::Number, Russian) => "число",
        (JsonKind::Number, Kazakh) => "сан",
        (JsonKind::Number, English) => "a number",
        (JsonKind::String, Russian) => "строка",
        (JsonKind::String, Kazakh) => "жол",
        (JsonKind::String, English) => "a string",
        (JsonKind::Array, Russian | Kazakh) => "массив",
        (JsonKind::Array, English) => "an array",
        (JsonKind::Object, Russian | Kazakh) => "объект",
        (JsonKind::Object, English) => "an object",
    }
}

fn form(error: &MessageError, locale: Language) -> String {
    let types = ClientMessage::TYPES.join(", ");
    let expected = |field: &FieldName| match (field, locale) {
        (FieldName::AssistantId, Russian) => "целое число",
        (FieldName::AssistantId, Kazakh) => "бүтін сан",
        (FieldName::AssistantId, English) => "an integer",
        (FieldName::Question, Russian) => "строка",
        (FieldName::Question, Kazakh) => "жол",
        (FieldName::Question, English) => "a string",
        (FieldName::Id, Russian) => "строка или целое число",
        (FieldName::Id, Kazakh) => "жол немесе бүтін сан",
        (FieldName::Id, English) => "a string or an integer",
        (FieldName::Sources | FieldName::Stream | FieldName::Helpful, _) => "true/false",
    };
    let received = |kind: &JsonKind| kind_name(*kind, locale);
    match error {
        MessageError::NotJson { line, column } => match locale {
            Russian => format!(
                "Ожидалось текстовое сообщение JSON: разбор остановился в строке {line}, символ {column}"
            ),
            Kazakh => {
                format!("JSON мәтіндік хабарламасы күтілді: талдау {line}-жолда, {column}-таңбада тоқтады")
            }
            English => format!(
                "A JSON text message was expected: parsing stopped at line {line}, character {column}"
            ),
        },
        MessageError::NotAnObject { received: kind } => match locale {
            Russian => format!(
                "Ожидалось текстовое сообщение JSON: объект, получено {}",
                received(kind)
            ),
            Kazakh => format!(
                "JSON мәтіндік хабарламасы күтілді: объект, келгені {}",
                received(kind)
            ),
            English => format!(
                "A JSON text message was expected: an object, received {}",
                received(kind)
            ),
        },
        MessageError::TypeMissing => match locale {
            Russian => format!("Нет поля type. Известные типы: {types}"),
            Kazakh => format!("type өрісі жоқ. Белгілі түрлер: {types}"),
            English => format!("The field type is missing. Known types: {types}"),
        },
        MessageError::TypeNotText { received: kind } => match locale {
            Russian => format!(
                "Поле type: ожидалась строка, получено {}. Известные типы: {types}",
                received(kind)
            ),
            Kazakh => format!(
                "type өрісі: жол күтілді, келгені {}. Белгілі түрлер: {types}",
                received(kind)
            ),
            English => format!(
                "The field type: a string was expected, received {}. Known types: {types}",
                received(kind)
            ),
        },
        MessageError::TypeUnknown { received } => match locale {
            Russian => format!("Неизвестный тип «{received}». Известные типы: {types}"),
            Kazakh => format!("Белгісіз түр «{received}». Белгілі түрлер: {types}"),
            English => format!("Unknown type «{received}». Known types: {types}"),
        },
        MessageError::FieldMissing { field } => match locale {
            Russian => format!("Нет поля {}: ожидается {}", field.key(), expected(field)),
            Kazakh => format!("{} өрісі жоқ: {} күтіледі", field.key(), expected(field)),
            English => format!(
                "The field {} is missing: expected {}",
                field.key(),
                expected(field)
            ),
        },
        MessageError::FieldType {
            field,
            received: kind,
        } => match locale {
            Russian => format!(
                "Поле {}: ожидается {}, получено {}",
                field.key(),
                expected(field),
                received(kind)
            ),
            Kazakh => format!(
                "{} өрісі: {} күтіледі, келгені {}",
                field.key(),
                expected(field),
                received(kind)
            ),
            English => format!(
                "The field {}: expected {}, received {}",
                field.key(),
                expected(field),
                received(kind)
            ),
        },
        MessageError::AssistantIdOutOfRange => Word::UnknownAssistant.text(locale),
    }
}
