//! What people asked in vain, alike together, and two ways out: an answer in the keeper's own words, or the passage that answers.
//!
//! Questions go by POST, as everywhere at the desk: addresses are kept in histories.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use docent_corpus::AssistantId;
use maud::{Markup, html};

use super::asked::{Group, Lately, NewAnswer, NewLesson, Unwritten};
use super::keeper::{Candidate, Effect, Keeper, Trial};
use super::words::{Words, texts};
use super::{Desk, Posted, Visit, figures, trial};

/// Groups on the page: more are not worked off in one sitting.
const GROUPS: usize = 50;

/// The times that can be chosen, in days: a week, a month, a season.
pub(super) const DAYS: [u32; 3] = [7, 30, 90];

texts! {
    unanswered: "Без ответа", "Жауапсыз", "Unanswered";
    unanswered_lead: "На эти вопросы документы не дали точного ответа. Похожие собраны вместе; ответьте сами или укажите отрывок, в котором есть ответ.", "Бұл сұрақтарға құжаттар нақты жауап бермеді. Ұқсастары бірге жиналған; өзіңіз жауап беріңіз немесе жауабы бар үзіндіні көрсетіңіз.", "The documents gave no exact answer to these questions. Those alike stand together; answer yourself, or point to the passage that answers.";
    none_unanswered: "За это время таких вопросов не было.", "Бұл уақытта мұндай сұрақтар болмады.", "There were no such questions in this time.";
    no_journal: "Журнал выключен (journal.url) или ещё пуст, поэтому показать нечего.", "Журнал өшірілген (journal.url) немесе әлі бос, сондықтан көрсететін ештеңе жоқ.", "The journal is off (journal.url) or still empty, so there is nothing to show.";
    last_asked: "последний раз", "соңғы рет", "last asked";
    of_them_offered: "с подсказкой мест", "орындар ұсынылған", "offered places";
    resolve: "Ответить", "Жауап беру", "Answer it";
    resolve_title: "Вопрос без ответа", "Жауапсыз сұрақ", "A question without an answer";
    own_answer: "Свой ответ", "Өз жауабыңыз", "Your own answer";
    own_answer_hint: "Текст показывается слово в слово на эти вопросы и их близкие варианты. Он записывается в answers.toml в папке ассистента.", "Мәтін осы сұрақтарға және олардың жақын нұсқаларына сөзбе-сөз көрсетіледі. Ол ассистент қалтасындағы answers.toml файлына жазылады.", "The text is shown word for word to these questions and their near variants. It is written into answers.toml in the assistant's folder.";
    questions_label: "Вопросы, каждый с новой строки", "Сұрақтар, әрқайсысы жаңа жолдан", "Questions, one on each line";
    until_label: "Действует по (необязательно)", "Дейін жарамды (міндетті емес)", "Holds through (optional)";
    source_label: "Документ-источник (необязательно)", "Дереккөз құжат (міндетті емес)", "Document as its source (optional)";
    no_source: "без источника", "дереккөзсіз", "none";
    save_answer: "Сохранить ответ", "Жауапты сақтау", "Save the answer";
    attach_title: "Или отрывок, в котором есть ответ", "Немесе жауабы бар үзінді", "Or the passage that answers";
    attach_hint: "Вопрос и похожие на него будут отвечаться из этого места. Он записывается в questions.jsonl.", "Сұрақ пен оған ұқсастарға осы жерден жауап беріледі. Ол questions.jsonl файлына жазылады.", "The question and those like it are answered from that place. It is written into questions.jsonl.";
    attach: "Отвечать отсюда", "Осыдан жауап беру", "Answer from here";
    no_place: "Для этого вопроса отрывков не нашлось.", "Бұл сұраққа үзінді табылмады.", "No passage was found for this question.";
    saved: "Сохранено. Вопрос задан снова:", "Сақталды. Сұрақ қайта қойылды:", "Saved. The question was asked again:";
    saved_held: "Сохранено, но контрольные вопросы не прошли: пока отвечает прежнее состояние.", "Сақталды, бірақ бақылау сұрақтары өтпеді: әзірге бұрынғы күйі жауап береді.", "Saved, but the golden questions did not pass: the state before answers.";
    saved_later: "Сохранено; подействует, когда изменение будет принято.", "Сақталды; өзгеріс қабылданғанда күшіне енеді.", "Saved; it takes effect when the change has been taken in.";
    not_saved: "Не сохранено:", "Сақталмады:", "Not saved:";
    taken: "на этот вопрос уже есть ответ:", "бұл сұраққа жауап бар:", "this question is settled already:";
    mend_first: "сначала поправьте файл:", "алдымен файлды түзетіңіз:", "the file has to be mended first:";
    not_written: "папку не удалось изменить, причина в журнале сервера.", "қалтаны өзгерту мүмкін болмады, себебі сервер журналында.", "the folder could not be changed; the server's log says why.";
    to_unanswered: "К вопросам без ответа", "Жауапсыз сұрақтарға", "To the unanswered questions";
    period: "За время", "Уақыт", "Period";
}

impl Words {
    pub(super) fn days(self, days: u32) -> String {
        self.counted(days as usize, ["день", "дня", "дней"], "күн", ["day", "days"])
    }

    pub(super) fn times(self, n: u64) -> String {
        self.counted(n as usize, ["раз", "раза", "раз"], "рет", ["time", "times"])
    }

    fn unwritten(self, refused: &Unwritten) -> String {
        match refused {
            Unwritten::Unfit(what) => what.clone(),
            Unwritten::Taken(what) => format!("{} {what}", self.taken()),
            Unwritten::Broken(what) => format!("{} {what}", self.mend_first()),
            Unwritten::Unknown | Unwritten::Failed => self.not_written().to_owned(),
        }
    }
}

/// What is chosen in the address: an assistant, the first one by default, and a time, a month by default.
pub(super) fn lately(visit: &Visit, desk: &Desk) -> Option<Lately> {
    let assistants = desk.shared.engine.assistants();
    let asked = visit
        .asked("assistant")
        .and_then(|id| id.parse().ok())
        .map(AssistantId);
    let assistant = assistants
        .iter()
        .find(|one| Some(one.id) == asked)
        .or(assistants.first())?
        .id;
    let days = visit.asked("days").and_then(|days| days.parse().ok());
    let days = days.filter(|days| DAYS.contains(days)).unwrap_or(DAYS[1]);
    Some(Lately { assistant, days })
}

/// The links to other times and assistants; `page` is the address of the page.
pub(super) fn choices(visit: &Visit, desk: &Desk, page: &str, chosen: Lately) -> Markup {
    let words = visit.words;
    let assistants = desk.shared.engine.assistants();
    html! {
        div class="tools" {
            nav class="choice" aria-label=(words.period()) { @for days in DAYS {
                a href={ (page) "?assistant=" (chosen.assistant) "&days=" (days) } aria-current=[(days == chosen.days).then_some("page")] { (words.days(days)) }
            } }
            @if assistants.len() > 1 {
                nav class="choice" aria-label=(words.assistant()) { @for one in assistants.iter() {
                    a href={ (page) "?assistant=" (one.id) "&days=" (chosen.days) } aria-current=[(one.id == chosen.assistant).then_some("page")] { (one.name) }
                } }
            }
        }
    }
}

/// The groups.
pub(super) async fn page(State(desk): State<Arc<Desk>>, visit: Visit) -> Response {
    let words = visit.words;
    let Some(chosen) = lately(&visit, &desk) else {
        return visit.told(StatusCode::NOT_FOUND, words.no_journal());
    };
    let groups = match desk.look(&visit, move |keeper| keeper.unanswered(chosen)).await {
        Ok(groups) => groups,
        Err(response) => return response,
    };
    let body = html! {
        p class="lead" { (words.unanswered_lead()) }
        (choices(&visit, &desk, "unanswered", chosen))
        @match &groups {
            None => section class="card" { p { (words.no_journal()) } },
            Some(groups) if groups.is_empty() => section class="card" { p class="empty" { (words.none_unanswered()) } },
            Some(groups) => @for (nth, one) in groups.iter().take(GROUPS).enumerate() { (group(&visit, chosen, one, nth)) },
        }
    };
    visit.page(words.unanswered(), Some("unanswered"), &body)
}

fn group(visit: &Visit, chosen: Lately, group: &Group, nth: usize) -> Markup {
    let words = visit.words;
    let first = group.examples.first().map_or("", |(text, _)| text);
    html! {
        section class="card" aria-labelledby={ "group" (nth) } {
            div class="title" {
                div {
                    h2 id={ "group" (nth) } { (first) }
                    p class="soft" {
                        (words.times(group.count)) ", " (words.last_asked()) " "
                        time datetime=(figures::moment(group.last)) { (figures::date(group.last)) }
                        @if group.offered > 0 { "; " (words.of_them_offered()) ": " (words.number(group.offered)) }
                    }
                }
                form method="post" action="unanswered" {
                    (visit.proof())
                    input type="hidden" name="assistant" value=(chosen.assistant);
                    @for (text, _) in &group.examples { input type="hidden" name="question" value=(text); }
                    button class="main" aria-describedby={ "group" (nth) } { (words.resolve()) }
                }
            }
            @if group.examples.len() > 1 {
                ul { @for (text, count) in group.examples.iter().skip(1) { li { (text) " " span class="soft" { "(" (words.times(*count)) ")" } } } }
            }
        }
    }
}

fn asked_of(posted: &Posted) -> Option<AssistantId> {
    posted
        .field("assistant")
        .and_then(|id| id.parse().ok())
        .map(AssistantId)
}

/// Asks with the live settings, in a turn and for as long as a person would wait.
async fn ask(
    desk: &Arc<Desk>,
    visit: &Visit,
    assistant: AssistantId,
    question: &str,
) -> Result<Trial, Response> {
    let question: String = question
        .chars()
        .take(desk.shared.settings.max_question_chars)
        .collect();
    let made = async {
        let place = desk.looks.clone().acquire_owned().await;
        let made = desk.keeper.ask(assistant, question).await;
        drop(place);
        made
    };
    match tokio::time::timeout(desk.shared.settings.answer_deadline, made).await {
        Ok(made) => made.map_err(|trouble| visit.trouble(&trouble)),
        Err(_) => Err(visit.told(StatusCode::SERVICE_UNAVAILABLE, visit.words.busy())),
    }
}

/// One group with its two ways out.
pub(super) async fn group_asked(State(desk): State<Arc<Desk>>, posted: Posted) -> Response {
    let questions: Vec<String> = posted
        .fields
        .iter()
        .filter(|(name, _)| name == "question")
        .map(|(_, value)| value.trim().to_owned())
        .filter(|question| !question.is_empty())
        .collect();
    let draft = Draft {
        questions: questions.join("\n"),
        ..Draft::default()
    };
    ways(&desk, &posted, &draft, None).await
}

/// What stands in the form of an answer.
#[derive(Default)]
struct Draft {
    questions: String,
    text: String,
    until: String,
    source: String,
}

/// The page with both ways; `refused` says why the last try was not saved.
async fn ways(desk: &Arc<Desk>, posted: &Posted, draft: &Draft, refused: Option<&Unwritten>) -> Response {
    let visit = &posted.visit;
    let words = visit.words;
    let first = draft.questions.lines().next().unwrap_or_default().to_owned();
    let Some(assistant) = asked_of(posted).filter(|_| !first.is_empty()) else {
        return visit.told(StatusCode::BAD_REQUEST, words.none_unanswered());
    };
    let trial = match ask(desk, visit, assistant, &first).await {
        Ok(trial) => trial,
        Err(response) => return response,
    };
    let shelves = match desk.look(visit, Keeper::shelves).await {
        Ok(shelves) => shelves,
        Err(response) => return response,
    };
    let own = shelves.assistants.iter().find(|shelf| shelf.id == assistant);
    let documents: Vec<&str> = own
        .map(|shelf| shelf.documents.iter().map(|one| one.name.as_str()).collect())
        .unwrap_or_default();
    let candidates = trial.why.as_ref().map_or(&[][..], |why| &why.candidates);
    let body = html! {
        @if let Some(refused) = refused { p class="notice bad" role="alert" { (words.not_saved()) " " (words.unwritten(refused)) } }
        p class="lead" { (first) }
        section class="card" aria-labelledby="own" {
            h2 id="own" { (words.own_answer()) }
            p class="hint" { (words.own_answer_hint()) }
            form method="post" action="curate" {
                (visit.proof())
                input type="hidden" name="assistant" value=(assistant);
                label for="questions" { (words.questions_label()) }
                textarea id="questions" name="questions" rows="3" required { (draft.questions) }
                label for="text" { (words.answer()) }
                textarea id="text" name="text" rows="4" required maxlength="4000" { (draft.text) }
                label for="until" { (words.until_label()) }
                input id="until" name="until" type="date" value=(draft.until);
                label for="source" { (words.source_label()) }
                select id="source" name="source" {
                    option value="" { (words.no_source()) }
                    @for name in &documents { option value=(name) selected[*name == draft.source] { (name) } }
                }
                div class="row" { button class="main" { (words.save_answer()) } a class="button" href={ "unanswered?assistant=" (assistant) } { (words.cancel()) } }
            }
        }
        section class="card" aria-labelledby="attach" {
            h2 id="attach" { (words.attach_title()) }
            p class="hint" { (words.attach_hint()) }
            @if candidates.is_empty() { p { (words.no_place()) } }
            ol class="found" { @for (nth, one) in candidates.iter().enumerate() { li { (place(visit, assistant, &first, one, nth)) } } }
        }
    };
    let status = if refused.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    visit.response(status, words.resolve_title(), Some("unanswered"), &body)
}

fn place(visit: &Visit, assistant: AssistantId, question: &str, one: &Candidate, nth: usize) -> Markup {
    let words = visit.words;
    html! {
        p id={ "place" (nth) } { b { (one.title) } @for heading in &one.headings { " › " (heading) } @if let Some(page) = one.page { ", " (words.page(page)) } }
        div class="passage" { @for line in one.lines.iter().take(4) { p { (trial::stretches(line)) } } @if one.lines.len() > 4 { p { "…" } } }
        form method="post" action="teach" {
            (visit.proof())
            input type="hidden" name="assistant" value=(assistant);
            input type="hidden" name="question" value=(question);
            input type="hidden" name="document" value=(one.document);
            input type="hidden" name="section" value=(one.headings.last().map_or("", String::as_str));
            button class="quiet" aria-describedby={ "place" (nth) } { (words.attach()) }
        }
    }
}

/// Adds an answer and asks again.
pub(super) async fn curate(State(desk): State<Arc<Desk>>, posted: Posted) -> Response {
    let field = |name| posted.field(name).unwrap_or_default().trim().to_owned();
    let draft = Draft {
        questions: field("questions"),
        text: field("text"),
        until: field("until"),
        source: field("source"),
    };
    let Some(assistant) = asked_of(&posted) else {
        return ways(&desk, &posted, &draft, None).await;
    };
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let lines = draft
        .questions
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let new = NewAnswer {
        assistant,
        questions: lines.map(str::to_owned).collect(),
        text: draft.text.replace("\r\n", "\n"),
        until: given(&draft.until),
        source: given(&draft.source),
    };
    let question = new.questions.first().cloned().unwrap_or_default();
    let written = desk
        .look(&posted.visit, move |keeper| Ok(keeper.curate(new)))
        .await;
    match written {
        Ok(Ok(effect)) => again(&desk, &posted.visit, assistant, &question, effect).await,
        Ok(Err(refused)) => ways(&desk, &posted, &draft, Some(&refused)).await,
        Err(response) => response,
    }
}

/// Attaches a question to a passage and asks again.
pub(super) async fn teach(State(desk): State<Arc<Desk>>, posted: Posted) -> Response {
    let field = |name| posted.field(name).unwrap_or_default().trim().to_owned();
    let given = |name| Some(field(name)).filter(|text| !text.is_empty());
    let question = field("question");
    let draft = Draft {
        questions: question.clone(),
        ..Draft::default()
    };
    let (Some(assistant), Some(document)) = (asked_of(&posted), given("document")) else {
        return ways(&desk, &posted, &draft, None).await;
    };
    let new = NewLesson {
        assistant,
        question: question.clone(),
        document,
        section: given("section"),
        contains: given("contains"),
    };
    let written = desk
        .look(&posted.visit, move |keeper| Ok(keeper.teach(new)))
        .await;
    match written {
        Ok(Ok(effect)) => again(&desk, &posted.visit, assistant, &question, effect).await,
        Ok(Err(refused)) => ways(&desk, &posted, &draft, Some(&refused)).await,
        Err(response) => response,
    }
}

/// Says what was saved, and what the question gets now.
async fn again(
    desk: &Arc<Desk>,
    visit: &Visit,
    assistant: AssistantId,
    question: &str,
    effect: Effect,
) -> Response {
    let words = visit.words;
    let trial = match ask(desk, visit, assistant, question).await {
        Ok(trial) => trial,
        Err(response) => return response,
    };
    let (class, said) = match effect {
        Effect::Live => ("notice", words.saved()),
        Effect::Held => ("notice bad", words.saved_held()),
        Effect::Later => ("notice", words.saved_later()),
    };
    let body = html! {
        p class=(class) role="status" { (said) " " b { (question) } }
        (trial::shown(visit, desk, assistant, &trial))
        p { a href={ "unanswered?assistant=" (assistant) } { (words.to_unanswered()) } }
    };
    visit.page(words.resolve_title(), Some("unanswered"), &body)
}
