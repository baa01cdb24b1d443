//! What an answer quotes besides the sentence that answers, and in which language it speaks.

use docent_corpus::{Answer, Assistant, AssistantId, Outcome, Question};
use docent_index::Index;

fn ask(document: &str, question: &str) -> Answer {
    let read = docent_ingest::read_document("rules.md", document.as_bytes()).unwrap();
    let index = Index::build(docent_ingest::passages(&read)).unwrap();
    let mut assistant = Assistant::new(AssistantId(1), "Правила");
    assistant.strictness = docent_corpus::Strictness::Open;
    let question = Question {
        text: question.to_owned(),
    };
    docent_answer::answer(&assistant, &question, &index).unwrap()
}

/// Sentences that fill a passage without sharing a word with any question.
fn filler(count: usize) -> String {
    "Дежурный инженер проверяет насосы утром и вечером, записывая показания приборов в журнал. ".repeat(count)
}

#[test]
fn a_sentence_that_refers_to_the_one_before_brings_it_along() {
    let document = format!(
        "# Пропуск\n\n{}Гостевой пропуск выдаёт охрана. Он действует до вечера пятницы включительно.\n",
        filler(6)
    );
    let answer = ask(
        &document,
        "До какого вечера недели действует? До пятницы включительно?",
    );
    assert_eq!(answer.outcome, Outcome::Answered, "{}", answer.text);
    assert!(
        answer
            .text
            .contains("Гостевой пропуск выдаёт охрана. Он действует"),
        "{}",
        answer.text
    );
}

#[test]
fn two_editions_that_disagree_are_both_shown_with_their_dates() {
    let edition = |name: &str, date: &str, days: &str| {
        let text = format!(
            "---\ntitle: Правила склада\ndate: {date}\n---\n\n# Возврат\n\nТовар возвращают на склад в течение {days} дней после \
             получения.\n"
        );
        docent_ingest::passages(&docent_ingest::read_document(name, text.as_bytes()).unwrap())
    };
    let old = edition("2021.md", "2021-05-04", "десяти");
    let new = edition("2024.md", "2024-02-01", "14");
    let other =
        docent_ingest::read_document("x.md", format!("# Насосы\n\n{}\n", filler(40)).as_bytes()).unwrap();
    let other = docent_ingest::passages(&other);
    let index = Index::build(old.into_iter().chain(new).chain(other)).unwrap();
    let question = Question {
        text: "В течение скольких дней возвращают товар на склад?".to_owned(),
    };
    let answer = docent_answer::answer(&Assistant::new(AssistantId(1), "Склад"), &question, &index).unwrap();
    assert_eq!(answer.outcome, Outcome::Answered, "{}", answer.text);
    assert_eq!(answer.sources.len(), 2, "{}", answer.text);
    for told in [
        "десяти дней",
        "14 дней",
        "(2021.md, 04.05.2021)",
        "(2024.md, 01.02.2024)",
    ] {
        assert!(answer.text.contains(told), "{told}: {}", answer.text);
    }
}

#[test]
fn an_item_of_a_list_brings_its_lead_in_along() {
    let document = "# Документы\n\nДля пропуска приносят:\n\n- копию паспорта;\n- фотографию на матовой бумаге;\n- заявление.\n";
    let answer = ask(document, "Какую фотографию приносят, на матовой бумаге?");
    assert_eq!(answer.outcome, Outcome::Answered, "{}", answer.text);
    assert!(answer.text.contains("Для пропуска приносят:"), "{}", answer.text);
    assert!(answer.text.contains("фотографию на матовой бумаге"));
}

#[test]
fn an_ordinary_answer_stays_short_and_a_monstrous_sentence_is_cut_at_a_word() {
    let document = format!("# Насосы\n\n{}\n", filler(40));
    let answer = ask(&document, "Кто записывает показания приборов в журнал?");
    assert!(
        answer.text.chars().count() < 800,
        "{}",
        answer.text.chars().count()
    );
    let endless = format!(
        "# Насосы\n\nИнженер записывает показания приборов{}.\n",
        ", а также давление воды".repeat(200)
    );
    let answer = ask(&endless, "Кто записывает показания приборов?");
    assert_eq!(answer.outcome, Outcome::Answered);
    assert!(
        answer.text.chars().count() <= 1_200,
        "{}",
        answer.text.chars().count()
    );
}

#[test]
fn keys_hit_at_random_share_nothing_with_a_document_but_a_number() {
    let document = "# Телефон\n\nДежурный отвечает по номеру 123 круглые сутки.\n";
    assert_eq!(ask(document, "щлщлж 123 ывлдж").outcome, Outcome::Fallback);
}

#[test]
fn the_fallback_speaks_the_language_of_the_question() {
    let document = "# Насосы\n\nИнженер проверяет насосы утром.\n";
    for (question, words) in [
        ("Кто изобрёл телескоп?", "другими словами"),
        ("Wi-Fi қалай қосылады?", "Өкінішке қарай"),
        ("Who invented the telescope?", "Unfortunately"),
    ] {
        let answer = ask(document, question);
        assert_eq!(answer.outcome, Outcome::Fallback, "{question}");
        assert!(answer.text.contains(words), "{question}: {}", answer.text);
    }
}

#[test]
fn an_offer_for_a_mended_question_says_first_that_there_is_no_exact_answer() {
    let document = format!(
        "# Пропуск\n\n{}Гостевой пропуск выдаёт охрана у ворот.\n",
        filler(6)
    );
    let read = docent_ingest::read_document("rules.md", document.as_bytes()).unwrap();
    let index = Index::build(docent_ingest::passages(&read)).unwrap();
    let mut assistant = Assistant::new(AssistantId(1), "Правила");
    let question = Question {
        text: "Кто выдаёт гостевой прпоуск?".to_owned(),
    };
    let offered = (1..=1_000).rev().find_map(|thousandths| {
        assistant.strictness = docent_corpus::Strictness::At(thousandths);
        let answer = docent_answer::answer(&assistant, &question, &index).unwrap();
        (answer.outcome == Outcome::Offered).then_some(answer)
    });
    let text = offered.unwrap().text;
    assert!(
        text.starts_with(
            "Точного ответа в документах нет. Вопрос прочитан так: «Кто выдаёт гостевой пропуск?»."
        ),
        "{text}"
    );
}

#[test]
fn a_section_that_is_headed_with_the_question_goes_first() {
    let document = format!(
        "# Лодки\n\n## Прокат лодки в непогоду\n\nПрокат лодки стоит как прежде, лодки на прокат не выдаются. Прокат лодки длится час.\n\n\
         {}\n\n## Сколько стоит прокат лодки?\n\nДвести тенге за час, детям вполовину меньше.\n",
        filler(3)
    );
    let answer = ask(&document, "Сколько стоит прокат лодки");
    assert_eq!(
        answer.sources[0].section.as_deref(),
        Some("Сколько стоит прокат лодки?")
    );
}

#[test]
fn a_word_that_the_documents_do_not_use_is_not_taken_for_a_slip_of_another() {
    let document = "# Стоянка\n\nМашину гостя ставят во дворе за воротами.\n\n# Отчёт\n\nОтчёт обязан составить дежурный до вечера.\n";
    let answer = ask(document, "где оставить машину гостя");
    assert!(!answer.text.contains("составить"), "{}", answer.text);
    let slip = ask(document, "где ставят машиину гостя");
    assert!(slip.text.contains("машину"), "{}", slip.text);
}
