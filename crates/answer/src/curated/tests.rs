//! Which questions are one, which are not, and what is shown.

use docent_corpus::AssistantId;

use super::*;

fn set(questions: &[&str]) -> CuratedAnswers {
    let one = |(nth, question): (usize, &&str)| Curated {
        questions: vec![(*question).to_owned()],
        text: format!("text {nth}"),
        until: None,
        source: None,
        line: nth + 1,
    };
    CuratedAnswers::of(questions.iter().enumerate().map(one).collect())
}

/// Returns those pairs, in either direction, that are not taken as they must be.
fn wrong(pairs: &[(&str, &str)], same: bool) -> Vec<String> {
    let both = pairs
        .iter()
        .flat_map(|&(one, other)| [(one, other), (other, one)]);
    both.filter(|(known, asked)| matches(known, asked) != same)
        .map(|(known, asked)| format!("{known} / {asked}"))
        .collect()
}

fn matches(known: &str, asked: &str) -> bool {
    set(&[known]).find(asked, "2026-01-01").is_some()
}

#[test]
fn a_question_is_known_in_other_forms_orders_and_courtesies() {
    let pairs = [
        ("Когда выплачивают зарплату?", "когда выплачивается зарплата"),
        ("Когда выплачивают зарплату?", "Зарплату когда выплачивают?!"),
        (
            "Когда выплачивают зарплату?",
            "Здравствуйте! Подскажите, пожалуйста, когда выплачивают зарплату?",
        ),
        ("В какие дни зарплата?", "зарплата в какие дни"),
        (
            "Где взять справку с места работы?",
            "ГДЕ ВЗЯТЬ СПРАВКУ С МЕСТА РАБОТЫ",
        ),
        (
            "Кто принимает документы 27 июля 2026 года?",
            "Кто принимает документы 27.07.2026 года?",
        ),
        ("Премия до 5 000 тенге?", "премия до 5000 тенге"),
        ("Есть ли у вас парковка?", "парковка есть?"),
        ("Какая ёлка стоит в холле?", "Какая елка стоит в холле"),
        ("Какие иностранные языки нужны?", "какой нужен иностранный язык"),
        ("Жалақы қашан төленеді?", "жалақыны қашан төленеді"),
        ("Демалысқа қалай шығуға болады?", "Қалай демалысқа шығуға болады"),
        ("When is the salary paid?", "the salary is paid when"),
        (
            "When is the office open on Monday?",
            "Please tell me, when is the office open on Monday?",
        ),
        ("How do I cancel a booking?", "how do I cancel bookings"),
        ("Can I park at the museum?", "could I park at the museum"),
    ];
    assert_eq!(wrong(&pairs, true), [""; 0]);
}

#[test]
fn a_question_that_asks_anything_else_is_not_taken_for_it() {
    let pairs = [
        // What is asked of it.
        ("Когда выплачивают зарплату?", "Кто выплачивает зарплату?"),
        ("Когда выплачивают зарплату?", "Где выплачивают зарплату?"),
        ("Когда выплачивают зарплату?", "выплачивают зарплату"),
        ("Кому выплачивают зарплату?", "Кто выплачивает зарплату?"),
        ("Сколько стоит парковка?", "Где стоит парковка?"),
        ("Можно работать из дома?", "Нужно работать из дома?"),
        ("Қашан жалақы төленеді?", "Кім жалақы төлейді?"),
        ("Когда зарплата?", "Когда зарплата и премия?"),
        // What is denied.
        ("Когда выплачивают зарплату?", "Когда не выплачивают зарплату?"),
        ("Вход с билетом", "Вход без билета"),
        ("Можно ли курить?", "Нельзя ли курить?"),
        ("Can I smoke here?", "Can't I smoke here?"),
        ("Do I have to pay?", "Do I not have to pay?"),
        ("Is entry with a ticket?", "Is entry without a ticket?"),
        ("Асхана бар ма?", "Асхана жоқ па?"),
        ("Жалақы төленеді ме?", "Жалақы төленбейді ме?"),
        // Numbers, signs and dates.
        ("Отпуск 28 дней", "Отпуск 24 дня"),
        ("С 1 по 5 мая", "С 5 по 1 мая"),
        ("Форма 2-НДФЛ", "Форма 3-НДФЛ"),
        ("Скидка 5 %", "Скидка 5"),
        ("Курсы C++", "Курсы C#"),
        ("Температура -5", "Температура 5"),
        ("Премия до 5 000 тенге?", "Премия от 5 000 тенге?"),
        // Names.
        ("Где кабинет Иванова?", "Где кабинет Ивановой?"),
        ("Где сидит Иванов?", "Где сидит Иван?"),
        ("Как доехать до Алматы?", "Как доехать до Астаны?"),
        // From where and to where, who whom.
        ("Перевод со счёта на карту", "Перевод с карты на счёт"),
        ("Вызов из отпуска", "Вызов в отпуск"),
        ("Документы до отпуска", "Документы после отпуска"),
        (
            "Может ли работник уволить начальника?",
            "Может ли начальник уволить работника?",
        ),
        ("Can a tenant sue a landlord?", "Can a landlord sue a tenant?"),
        ("Paid by the employer", "Paid to the employer"),
        (
            "Алматыдан Астанаға қалай жетуге болады?",
            "Астанадан Алматыға қалай жетуге болады?",
        ),
        ("Can I see my file?", "Can I see his file?"),
        // Words that a stem throws together.
        ("Закон об отпусках", "Законный отпуск"),
        ("Сколько стоит плата?", "Сколько стоит платье?"),
        ("What are the import rules?", "What are the important rules?"),
        ("university rules", "universal rules"),
        ("Who is the employer?", "Who is the employee?"),
        (
            "Когда представление документов?",
            "Когда предоставление документов?",
        ),
        ("Где въезд на парковку?", "Где выезд с парковки?"),
        ("паспорт или права", "паспорт и права"),
        ("Кто вы?", "Где вы?"),
    ];
    assert_eq!(wrong(&pairs, false), [""; 0]);
}

#[test]
fn a_slip_of_the_finger_or_of_the_layout_is_mended_and_told() {
    let known = set(&["Когда выплачивают зарплату?"]);
    let read = |asked: &str| known.find(asked, "2026-01-01").and_then(|found| found.read);
    assert_eq!(
        read("Когда выплачивают зарпалту?").as_deref(),
        Some("Когда выплачивают зарплату?")
    );
    assert_eq!(
        read("Когда выпплачивают зарплату?").as_deref(),
        Some("Когда выплачивают зарплату?")
    );
    assert_eq!(
        read("rjulf dsgkfxbdf.n pfhgkfne").as_deref(),
        Some("когда выплачивают зарплату")
    );
    assert_eq!(read("Когда выплачивают зарплату?"), None);
    assert!(!matches("Вкусный десерт", "Вкусный дезерт"));
    assert!(!matches("hot desert", "hot dessert"));
}

#[test]
fn an_answer_is_as_if_it_were_not_there_from_the_day_after_its_last() {
    let mut all = set(&["Когда зарплата?", "Когда зарплата?"]).all().to_vec();
    all[0].until = Some("2026-12-31".to_owned());
    let known = CuratedAnswers::of(all.clone());
    let text = |today| {
        known
            .find("когда зарплата", today)
            .map(|found| found.curated.text.clone())
    };
    assert_eq!(text("2026-12-31").as_deref(), Some("text 0"));
    // A later one takes its place.
    assert_eq!(text("2027-01-01").as_deref(), Some("text 1"));
    all.truncate(1);
    assert_eq!(CuratedAnswers::of(all).find("когда зарплата", "2027-01-01"), None);
}

#[test]
fn an_answer_says_that_a_person_has_given_it_and_until_when_it_holds() {
    let mut all = set(&["Когда зарплата?"]).all().to_vec();
    all[0].until = Some("2026-12-31".to_owned());
    all[0].text = "Пятого числа.".to_owned();
    let known = CuratedAnswers::of(all);
    let found = known.find("зарплата когда", "2026-01-01").unwrap();
    let answer = found.answer(&Assistant::new(AssistantId(1), "Кадры"), "зарплата когда", None);
    assert_eq!(
        answer.text,
        "Пятого числа.\n\nОтвет дан сотрудником организации и действует по 31.12.2026 включительно."
    );
    assert_eq!(answer.outcome, Outcome::Answered);
}
