//! The words that a stop shortens, and the words that tell a name or a number from the start of a sentence.
//!
//! Owns: the lists. Leaves deciding to the rules in the parent module.

/// What a stop behind an abbreviation may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Abbreviation {
    /// Something always follows: «ст.», «им.», «Dr.».
    Inside,
    /// A sentence may end with it: «2024 г.», «и т. д.», «Inc.».
    MayEnd,
}

/// Tells whether `word`, as it stands before a stop, is an abbreviation.
///
/// `earlier` is the abbreviated word before it («т» for «т. д.»); `after_number` says that a number stands before it, or the
/// «и» of «и пр.».
pub(super) fn abbreviation(word: &str, earlier: &str, after_number: bool) -> Option<Abbreviation> {
    use Abbreviation::{Inside, MayEnd};
    let word = word.to_lowercase();
    let earlier = earlier.to_lowercase();
    match (earlier.rsplit('.').next().unwrap_or(""), word.as_str()) {
        ("т", "д" | "п" | "б") | ("с", "с") | ("н", "э") | ("a" | "p", "m") | ("u", "s" | "k") => {
            return Some(MayEnd);
        }
        ("т", "е" | "к" | "н" | "ч" | "о")
        | ("и", "о")
        | ("e", "g")
        | ("i", "e")
        | ("п", "п")
        | ("с", "ш" | "ж") => {
            return Some(Inside);
        }
        _ => {}
    }
    Some(match word.as_str() {
        // References and addresses: a number or a name follows.
        "ст" | "стст" | "пп" | "подп" | "абз" | "гл" | "разд" | "прил" | "прим" | "см" | "ср" | "рис"
        | "табл" | "ул" | "пер" | "просп" | "пр-т" | "пр-кт" | "пл" | "наб" | "бул" | "б-р" | "мкр"
        | "мкрн" | "корп" | "оф" | "пос" | "дер" | "им" | "тел" | "доб" | "факс" | "проф" | "акад"
        | "инж" | "доц" | "канд" | "чл" | "корр" | "зам" | "нач" | "ред" | "англ" | "рус" | "каз" | "лат"
        | "нем" | "сокр" | "напр" | "макс" | "св" | "тов" | "гос" | "вып" | "гр" | "ген" | "дир" | "упр"
        | "отд" | "соотв" | "ок" | "букв" | "устар" | "қ" | "көш" | "тарм" | "қар" | "mr" | "mrs" | "ms"
        | "dr" | "prof" | "st" | "vs" | "no" | "nos" | "art" | "arts" | "sec" | "fig" | "figs" | "cf"
        | "para" | "paras" | "approx" | "viz" | "al" | "incl" | "dept" | "ext" | "tel" | "vol" | "ed"
        | "eds" | "gen" | "hon" | "rev" => Inside,
        // Measures, months and rounding-off words: a sentence may end with them.
        "гг" | "руб" | "коп" | "тыс" | "млн" | "млрд" | "трлн" | "тг" | "теңг" | "тнг" | "долл" | "др"
        | "шт" | "экз" | "чел" | "обл" | "р-н" | "р-на" | "ауд" | "жж" | "сек" | "мес" | "нед" | "млд"
        | "etc" | "inc" | "ltd" | "co" | "corp" | "jr" | "sr" | "llc" | "plc" | "янв" | "февр" | "апр"
        | "авг" | "сент" | "окт" | "нояб" | "дек" | "jan" | "feb" | "apr" | "aug" | "sept" | "oct"
        | "nov" | "dec" => MayEnd,
        // A unit behind a number, the start of a name otherwise: «2024 г.» and «г. Казань», «10 мин.» and «мин. размер».
        "г" | "ж" | "ч" | "с" | "м" | "т" | "б" | "п" | "д" | "л" | "стр" | "мин" | "кв" | "эт" | "сут"
        | "бет" | "пр" => {
            if after_number {
                MayEnd
            } else {
                Inside
            }
        }
        // «Это был я.» ends; any other letter on its own shortens something.
        "я" | "a" => return None,
        _ if word.chars().count() == 1 => Inside,
        _ => return None,
    })
}

/// Tells whether a word, in lower case, names a numbered part of a document: «Статья 5.» goes on with its name.
pub(super) fn is_division(word: &str) -> bool {
    matches!(
        word,
        "статья"
            | "глава"
            | "раздел"
            | "подраздел"
            | "приложение"
            | "часть"
            | "параграф"
            | "пункт"
            | "таблица"
            | "табл"
            | "рисунок"
            | "рис"
            | "шаг"
            | "этап"
            | "вопрос"
            | "форма"
            | "бап"
            | "тарау"
            | "бөлім"
            | "тармақ"
            | "қосымша"
            | "кесте"
            | "сурет"
            | "қадам"
            | "article"
            | "section"
            | "chapter"
            | "clause"
            | "appendix"
            | "annex"
            | "part"
            | "table"
            | "figure"
            | "step"
            | "schedule"
    )
}

/// Tells whether a word is the name of an act in the case that follows a reference: «п. 3.2. Договора».
pub(super) fn is_act_name(word: &str) -> bool {
    const STEMS: [&str; 24] = [
        "Договор",
        "Правил",
        "Положени",
        "Устав",
        "Регламент",
        "Кодекс",
        "Закон",
        "Федеральн",
        "Приложени",
        "Порядк",
        "Инструкци",
        "Постановлени",
        "Приказ",
        "Трудов",
        "Гражданск",
        "Налогов",
        "Указ",
        "Соглашени",
        "Контракт",
        "Методик",
        "Стандарт",
        "Условий",
        "Конституци",
        "Бюджетн",
    ];
    // «Договор» in the nominative begins a sentence; «Договора» belongs to the reference.
    let inflected = |stem: &str| {
        word.strip_prefix(stem)
            .is_some_and(|end| !end.is_empty() && !matches!(end, "е" | "о" | "ый" | "я" | "ы"))
    };
    STEMS.iter().any(|stem| inflected(stem))
        || matches!(
            word,
            "Правил"
                | "Условий"
                | "ТК"
                | "ГК"
                | "НК"
                | "ГПК"
                | "АПК"
                | "УК"
                | "КоАП"
                | "РФ"
                | "РК"
                | "БК"
                | "ЖК"
                | "СК"
        )
}

/// Tells whether a word looks like a Russian or Kazakh surname in any case.
pub(super) fn is_surname(word: &str) -> bool {
    const ENDINGS: [&str; 54] = [
        "ов",
        "ев",
        "ёв",
        "ова",
        "ева",
        "ёва",
        "ову",
        "еву",
        "овым",
        "евым",
        "ове",
        "еве",
        "овой",
        "евой",
        "ин",
        "ын",
        "ина",
        "ына",
        "ину",
        "иным",
        "ине",
        "иной",
        "ский",
        "цкий",
        "ская",
        "цкая",
        "ского",
        "цкого",
        "скому",
        "цкому",
        "ским",
        "ской",
        "цкой",
        "скую",
        "енко",
        "чук",
        "щук",
        "юк",
        "ян",
        "янц",
        "дзе",
        "швили",
        "ич",
        "ых",
        "бай",
        "бек",
        "ұлы",
        "қызы",
        "улы",
        "кызы",
        "баев",
        "son",
        "man",
        "ковец",
    ];
    word.chars().next().is_some_and(char::is_uppercase)
        && word.chars().count() > 3
        && ENDINGS.iter().any(|ending| word.ends_with(ending))
}
