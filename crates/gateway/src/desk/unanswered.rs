//! What people asked in vain, alike together, and two ways out: an answer in the keeper's own words, or the passage that answers.
//!
//! Questions go by POST, as everywhere at the desk: addresses are kept in histories.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use docent_corpus::AssistantId;
use maud::{Markup, html};

use super::asked::{Group, Lately, NewAnswer, NewLesson, Standing, Unwritten};
use super::frame::Switch;
use super::keeper::{Candidate, Effect, Trial, Verdict};
use super::own::{Draft, documents, fields, kept, status_of};
use super::words::{Words, texts};
use super::{Desk, Posted, Visit, figures, to, trial};

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
    settled: "Уже отвечено", "Жауап берілді", "Answered by now";
    settled_hint: "Эти вопросы сейчас получают ответ: документ, ваш текст или указанный отрывок появился позже.", "Бұл сұрақтар қазір жауап алады: құжат, мәтініңіз немесе көрсетілген үзінді кейін пайда болды.", "These questions get an answer now: a document, your text or the passage came later.";
    none_open: "На все эти вопросы уже есть ответ.", "Бұл сұрақтардың бәріне жауап бар.", "All of these questions have an answer by now.";
    now: "Сейчас", "Қазір", "Now";
    now_nothing: "ответа нет", "жауап жоқ", "no answer";
    now_places: "предлагаются места, точного ответа нет", "орындар ұсынылады, нақты жауап жоқ", "places are offered, no exact answer";
    now_answered: "отвечает документ", "құжат жауап береді", "a document answers";
    now_own: "отвечает ваш текст", "сіздің мәтініңіз жауап береді", "your own text answers";
    change_it: "Изменить этот ответ", "Бұл жауапты өзгерту", "Change this answer";
    own_answer: "Свой ответ", "Өз жауабыңыз", "Your own answer";
    own_answer_hint: "Текст показывается слово в слово на эти вопросы и их близкие варианты. Он записывается в answers.toml в папке ассистента.", "Мәтін осы сұрақтарға және олардың жақын нұсқаларына сөзбе-сөз көрсетіледі. Ол ассистент қалтасындағы answers.toml файлына жазылады.", "The text is shown word for word to these questions and their near variants. It is written into answers.toml in the assistant's folder.";
    attach_title: "Или отрывок, в котором есть ответ", "Немесе жауабы бар үзінді", "Or the passage that answers";
    attach_hint: "Вопрос и похожие на него будут отвечаться из этого места. Он записывается в questions.jsonl.", "Сұрақ пен оған ұқсастарға осы жерден жауап беріледі. Ол questions.jsonl файлына жазылады.", "The question and those like it are answered from that place. It is written into questions.jsonl.";
    attach: "Отвечать отсюда", "Осыдан жауап беру", "Answer from here";
    no_place: "Для этого вопроса отрывков не нашлось.", "Бұл сұраққа үзінді табылмады.", "No passage was found for this question.";
    to_unanswered: "К вопросам без ответа", "Жауапсыз сұрақтарға", "To the unanswered questions";
    all_assistants: "Все ассистенты", "Барлық ассистент", "All assistants";
    period: "За время", "Уақыт", "Period";
}

impl Words {
    pub(super) fn days(self, days: u32) -> String {
        self.counted(days as usize, ["день", "дня", "дней"], "күн", ["day", "days"])
    }

    pub(super) fn times(self, n: u64) -> String {
        self.counted(n as usize, ["раз", "раза", "раз"], "рет", ["time", "times"])
    }

    /// Says what a question gets at present.
    fn standing(self, standing: Standing) -> &'static str {
        match standing {
            Standing::Nothing => self.now_nothing(),
            Standing::Places => self.now_places(),
            Standing::Answered => self.now_answered(),
            Standing::Own(_) => self.now_own(),
        }
    }
}

/// The class of what a question gets: its colour.
fn kind(standing: Standing) -> &'static str {
    match standing {
        Standing::Nothing => "failed",
        Standing::Places => "partly",
        Standing::Answered | Standing::Own(_) => "fine",
    }
}

/// What all assistants are called in an address.
const ALL: &str = "all";

/// What is chosen in the address: an assistant, the first one by default, and a time, a month by default; all assistants only
/// where the page can show them.
pub(super) fn lately(visit: &Visit, desk: &Desk, all: bool) -> Option<Lately> {
    let assistants = desk.shared.engine.assistants();
    let asked = visit.asked("assistant");
    let id = asked.and_then(|id| id.parse().ok()).map(AssistantId);
    let chosen = assistants.iter().find(|one| Some(one.id) == id);
    let assistant = chosen.or(assistants.first())?.id;
    let days = visit.asked("days").and_then(|days| days.parse().ok());
    let days = days.filter(|days| DAYS.contains(days)).unwrap_or(DAYS[1]);
    Some(Lately {
        assistant: Some(assistant).filter(|_| !(all && asked == Some(ALL))),
        days,
    })
}

/// The links to other times and assistants; `page` is the address of the page.
pub(super) fn choices(visit: &Visit, desk: &Desk, page: &str, chosen: Lately, all: bool) -> Markup {
    let words = visit.words;
    let assistants = desk.shared.engine.assistants();
    let name = |id: Option<AssistantId>| id.map_or_else(|| ALL.to_owned(), |id| id.to_string());
    html! {
        div class="tools" {
            nav class="choice" aria-label=(words.period()) { @for days in DAYS {
                a href={ (page) "?assistant=" (name(chosen.assistant)) "&days=" (days) } aria-current=[(days == chosen.days).then_some("page")] { (words.days(days)) }
            } }
            @if assistants.len() > 1 {
                nav class="choice" aria-label=(words.assistant()) {
                    @if all {
                        a href={ (page) "?assistant=" (ALL) "&days=" (chosen.days) } aria-current=[chosen.assistant.is_none().then_some("page")] { (words.all_assistants()) }
                    }
                    @for one in assistants.iter() {
                        a href={ (page) "?assistant=" (one.id) "&days=" (chosen.days) } aria-current=[(Some(one.id) == chosen.assistant).then_some("page")] { (one.name) }
                    }
                }
            }
        }
    }
}

/// The pages that forms make have no address of their own: whoever comes there by one is led to where they begin.
pub(super) async fn door(_: Visit) -> Response {
    to("unanswered")
}

/// The groups: those that want something first.
pub(super) async fn page(State(desk): State<Arc<Desk>>, visit: Visit) -> Response {
    let words = visit.words;
    let chosen = lately(&visit, &desk, false);
    let Some((chosen, assistant)) = chosen.and_then(|chosen| Some((chosen, chosen.assistant?))) else {
        return visit.told(StatusCode::NOT_FOUND, words.no_journal());
    };
    let looked = desk.look(&visit, move |keeper| {
        let Some(mut groups) = keeper.unanswered(chosen)? else {
            return Ok(None);
        };
        groups.truncate(GROUPS);
        let first = |group: &Group| {
            group
                .examples
                .first()
                .map_or_else(String::new, |(text, _)| text.clone())
        };
        let questions: Vec<String> = groups.iter().map(first).collect();
        let standing = keeper.standing(assistant, &questions)?;
        Ok(Some(groups.into_iter().zip(standing).collect::<Vec<_>>()))
    });
    let groups = match looked.await {
        Ok(groups) => groups,
        Err(response) => return response,
    };
    let body = html! {
        p class="lead" { (words.unanswered_lead()) }
        (choices(&visit, &desk, "unanswered", chosen, false))
        @match &groups {
            None => section class="card" { p { (words.no_journal()) } },
            Some(groups) if groups.is_empty() => section class="card" { p class="empty" { (words.none_unanswered()) } },
            Some(groups) => {
                @let (settled, open): (Vec<_>, Vec<_>) = groups.iter().enumerate().partition(|(_, (_, standing))| standing.is_settled());
                @if open.is_empty() { section class="card" { p class="empty" { (words.none_open()) } } }
                @for (nth, (one, standing)) in open { (group(&visit, assistant, one, *standing, nth)) }
                @if !settled.is_empty() {
                    details class="settled" {
                        summary { h2 { (words.settled()) " " span class="count" { (words.number(settled.len() as u64)) } } }
                        p class="hint" { (words.settled_hint()) }
                        @for (nth, (one, standing)) in settled { (group(&visit, assistant, one, *standing, nth)) }
                    }
                }
            }
        }
    };
    visit.page(words.unanswered(), Some("unanswered"), &body)
}

fn group(visit: &Visit, assistant: AssistantId, group: &Group, standing: Standing, nth: usize) -> Markup {
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
                    p class=(kind(standing)) { span class="lamp" { (words.now()) ": " (words.standing(standing)) } }
                }
                @if let Standing::Own(line) = standing {
                    a class="button" href={ "answer?assistant=" (assistant) "&line=" (line) } aria-describedby={ "group" (nth) } { (words.change_it()) }
                } @else {
                    form method="post" action="unanswered" {
                        (visit.proof())
                        input type="hidden" name="assistant" value=(assistant);
                        @for (text, _) in &group.examples { input type="hidden" name="question" value=(text); }
                        button class=(if standing.is_settled() { "quiet" } else { "main" }) aria-describedby={ "group" (nth) } { (words.resolve()) }
                    }
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

/// The same page in another language, with what stands in the form of an answer.
pub(super) async fn draft(State(desk): State<Arc<Desk>>, posted: Posted) -> Response {
    ways(&desk, &posted, &Draft::of(&posted), None).await
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
    let documents = match documents(desk, visit, assistant).await {
        Ok(documents) => documents,
        Err(response) => return response,
    };
    let candidates = trial.why.as_ref().map_or(&[][..], |why| &why.candidates);
    let body = html! {
        (kept(words, assistant, refused))
        p class="lead" { (first) }
        p class=(kind(standing_of(&trial))) { span class="lamp" { (words.now()) ": " (words.standing(standing_of(&trial))) }
            @if let Some(line) = trial.curated { ". " a href={ "answer?assistant=" (assistant) "&line=" (line) } { (words.change_it()) } }
        }
        section class="card" aria-labelledby="own" {
            h2 id="own" { (words.own_answer()) }
            p class="hint" { (words.own_answer_hint()) }
            form method="post" action="curate" id="draft" {
                (visit.proof())
                input type="hidden" name="assistant" value=(assistant);
                (fields(words, draft, &documents))
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
    let status = status_of(refused);
    let switch = Switch::Form("draft", "draft");
    visit.response_in(status, words.resolve_title(), Some("unanswered"), switch, &body)
}

/// Tells what a question got that was asked with its reasons.
fn standing_of(trial: &Trial) -> Standing {
    match (trial.curated, &trial.why) {
        (Some(line), _) => Standing::Own(line),
        (None, Some(why)) => match why.verdict {
            Verdict::Answer => Standing::Answered,
            Verdict::Offer => Standing::Places,
            Verdict::Fallback => Standing::Nothing,
        },
        // A greeting has its line.
        (None, None) => Standing::Answered,
    }
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
            input type="hidden" name="contains" value=(one.telling);
            button class="quiet" aria-describedby={ "place" (nth) } { (words.attach()) }
        }
    }
}

/// Adds an answer and asks again.
pub(super) async fn curate(State(desk): State<Arc<Desk>>, posted: Posted) -> Response {
    let draft = Draft::of(&posted);
    let Some(assistant) = asked_of(&posted) else {
        return ways(&desk, &posted, &draft, None).await;
    };
    let new: NewAnswer = draft.answer(assistant);
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
pub(super) async fn again(
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
    let (class, said) = words.saved_as(effect);
    let standing = standing_of(&trial);
    let body = html! {
        p class=(class) role="status" { (said) " " b { (question) } }
        p class=(kind(standing)) { b class="lamp" { (words.now()) ": " (words.standing(standing)) } }
        (trial::shown(visit, desk, assistant, &trial))
        p { a href={ "unanswered?assistant=" (assistant) } { (words.to_unanswered()) } " · " a href={ "answers?assistant=" (assistant) } { (words.own_answers()) } }
    };
    // Another language must not save it once more.
    let query = [("assistant".to_owned(), assistant.to_string())];
    let switch = Switch::Page("unanswered", &query);
    visit.response_in(
        StatusCode::OK,
        words.resolve_title(),
        Some("unanswered"),
        switch,
        &body,
    )
}
