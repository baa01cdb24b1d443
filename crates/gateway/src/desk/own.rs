//! The keeper's own answers of an assistant: all of them, changing one, taking one away; and the fields that every such form has.
//!
//! An answer is named in an address by its line, never by its words, and in a form by a mark as well: a file that somebody else
//! has changed meanwhile is left as it is.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use docent_corpus::AssistantId;
use maud::{Markup, html};

use super::asked::{Flaw, NewAnswer, OwnAnswer, Unwritten};
use super::frame::Switch;
use super::keeper::{Effect, Keeper};
use super::unanswered::again;
use super::words::{Words, texts};
use super::{Desk, Posted, Visit, to};

texts! {
    own_answers: "Свои ответы", "Өз жауаптарыңыз", "Own answers";
    own_answers_lead: "Тексты, которые вы дали сами: они показываются слово в слово, документы при этом не спрашиваются. Всё хранится в файле answers.toml в папке ассистента, его можно править и там.", "Өзіңіз берген мәтіндер: олар сөзбе-сөз көрсетіледі, құжаттардан сұралмайды. Бәрі ассистент қалтасындағы answers.toml файлында сақталады, оны сол жерде де өзгертуге болады.", "Texts that you gave yourself: they are shown word for word, and the documents are not asked. All is kept in the file answers.toml in the assistant's folder, and may be changed there as well.";
    none_own: "Своих ответов пока нет. Их добавляют на странице «Без ответа».", "Әзірге өз жауабыңыз жоқ. Оларды «Жауапсыз» бетінде қосады.", "There are none yet. They are added on the page “Unanswered”.";
    holds_always: "Действует без срока", "Мерзімсіз жарамды", "Holds without an end";
    holds_until: "Действует по", "Мына күнге дейін жарамды:", "Holds through";
    over_since: "Больше не даётся: действовал по", "Енді берілмейді: мына күнге дейін жарамды болды:", "No longer given: it held through";
    line: "строка", "жол", "line";
    edit: "Изменить", "Өзгерту", "Change";
    withdraw: "Отозвать", "Қайтарып алу", "Withdraw";
    edit_title: "Изменить ответ", "Жауапты өзгерту", "Change an answer";
    withdraw_title: "Отозвать ответ?", "Жауап қайтарылып алынсын ба?", "Withdraw the answer?";
    withdraw_text: "Текст будет стёрт из answers.toml; на эти вопросы снова будут отвечать только документы.", "Мәтін answers.toml файлынан өшіріледі; бұл сұрақтарға қайтадан тек құжаттар жауап береді.", "The text is erased from answers.toml; only the documents answer these questions then.";
    withdrawn: "Ответ отозван.", "Жауап қайтарылып алынды.", "The answer is withdrawn.";
    faults_own: "В answers.toml есть строки, которые не используются", "answers.toml файлында пайдаланылмайтын жолдар бар", "Lines of answers.toml that are of no use";
    not_there: "Такого ответа там больше нет: файл изменился. Откройте список заново.", "Ондай жауап енді жоқ: файл өзгерді. Тізімді қайта ашыңыз.", "That answer is no longer there: the file has changed. Open the list again.";
    questions_label: "Вопросы, каждый с новой строки", "Сұрақтар, әрқайсысы жаңа жолдан", "Questions, one on each line";
    until_label: "Действует по (необязательно)", "Дейін жарамды (міндетті емес)", "Holds through (optional)";
    source_label: "Документ-источник (необязательно)", "Дереккөз құжат (міндетті емес)", "Document as its source (optional)";
    no_source: "без источника", "дереккөзсіз", "none";
    save_answer: "Сохранить ответ", "Жауапты сақтау", "Save the answer";
    saved: "Сохранено. Вопрос задан снова:", "Сақталды. Сұрақ қайта қойылды:", "Saved. The question was asked again:";
    saved_held: "Сохранено, но контрольные вопросы не прошли: пока отвечает прежнее состояние.", "Сақталды, бірақ бақылау сұрақтары өтпеді: әзірге бұрынғы күйі жауап береді.", "Saved, but the golden questions did not pass: the state before answers.";
    saved_later: "Сохранено; подействует, когда изменение будет принято.", "Сақталды; өзгеріс қабылданғанда күшіне енеді.", "Saved; it takes effect when the change has been taken in.";
    not_saved: "Не сохранено.", "Сақталмады.", "Not saved.";
    answered_already: "На этот вопрос уже есть ваш ответ. Измените его или отзовите, тогда сохранится новый.", "Бұл сұраққа жауабыңыз бар. Оны өзгертіңіз немесе қайтарып алыңыз, сонда жаңасы сақталады.", "You have answered this question already. Change that answer, or withdraw it, and the new one can be saved.";
    show_it: "Показать тот ответ", "Сол жауапты көрсету", "Show that answer";
    mend_first: "Сначала поправьте файл в папке ассистента, потом сохраните ещё раз:", "Алдымен ассистент қалтасындағы файлды түзетіп, қайта сақтаңыз:", "Mend the file in the assistant's folder first, then save again:";
    changed_meanwhile: "Файл answers.toml кто-то изменил, пока вы писали. Откройте список своих ответов и повторите.", "Сіз жазып жатқанда answers.toml файлын біреу өзгертті. Өз жауаптарыңыздың тізімін ашып, қайталаңыз.", "Somebody changed answers.toml while you were writing. Open the list of own answers and repeat.";
    not_written: "Папку не удалось изменить: причина в журнале сервера.", "Қалтаны өзгерту мүмкін болмады: себебі сервер журналында.", "The folder could not be changed; the server's log says why.";
    no_question: "Впишите хотя бы один вопрос; каждый с новой строки, в каждом хотя бы одно слово.", "Кемінде бір сұрақ жазыңыз; әрқайсысы жаңа жолдан, әрқайсысында кемінде бір сөз болсын.", "Write at least one question; each on a line, with a word in each.";
    no_own_text: "Впишите текст ответа.", "Жауап мәтінін жазыңыз.", "Write the text of the answer.";
    no_date: "Срок — это дата, например 2027-01-31.", "Мерзім — күн, мысалы 2027-01-31.", "The last day is a date such as 2027-01-31.";
    past: "Этот день уже прошёл: укажите более поздний или оставьте поле пустым.", "Бұл күн өтіп кетті: кейінгі күнді көрсетіңіз немесе өрісті бос қалдырыңыз.", "That day has passed: choose a later one, or leave the field empty.";
    no_document: "Не указан документ.", "Құжат көрсетілмеген.", "No document is named.";
}

impl Words {
    fn flaw(self, flaw: Flaw) -> String {
        let most = |most: usize, texts: [&str; 3]| {
            let [russian, kazakh, english] = texts;
            let text = match self.0 {
                docent_corpus::Language::Russian => russian,
                docent_corpus::Language::Kazakh => kazakh,
                docent_corpus::Language::English => english,
            };
            format!("{text} {}.", self.number(most as u64))
        };
        match flaw {
            Flaw::NoQuestion => self.no_question().to_owned(),
            Flaw::NoText => self.no_own_text().to_owned(),
            Flaw::NoDate => self.no_date().to_owned(),
            Flaw::Past => self.past().to_owned(),
            Flaw::NoDocument => self.no_document().to_owned(),
            Flaw::ManyQuestions(n) => most(
                n,
                [
                    "Вопросов слишком много. Не больше",
                    "Сұрақтар тым көп. Ең көбі",
                    "Too many questions. At most",
                ],
            ),
            Flaw::LongQuestion(n) => most(
                n,
                [
                    "Вопрос слишком длинный. Знаков не больше",
                    "Сұрақ тым ұзын. Таңбалардың ең көбі",
                    "A question is too long. Characters at most",
                ],
            ),
            Flaw::LongText(n) => most(
                n,
                [
                    "Текст слишком длинный. Знаков не больше",
                    "Мәтін тым ұзын. Таңбалардың ең көбі",
                    "The text is too long. Characters at most",
                ],
            ),
        }
    }

    /// Says what became of what was saved, with the class of the notice.
    pub(super) fn saved_as(self, effect: Effect) -> (&'static str, &'static str) {
        match effect {
            Effect::Live => ("notice", self.saved()),
            Effect::Held => ("notice bad", self.saved_held()),
            Effect::Later => ("notice", self.saved_later()),
        }
    }
}

/// Returns the status of a form that is shown again, or for the first time.
pub(super) fn status_of(refused: Option<&Unwritten>) -> StatusCode {
    if refused.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    }
}

/// Says why what was typed was not saved, and what to do.
pub(super) fn kept(words: Words, assistant: AssistantId, refused: Option<&Unwritten>) -> Markup {
    html! {
        @if let Some(refused) = refused {
            div class="notice bad" role="alert" {
                p { b { (words.not_saved()) } " " @match refused {
                    Unwritten::Unfit(flaw) => (words.flaw(*flaw)),
                    Unwritten::Answered(line) => { (words.answered_already()) " " a href={ "answer?assistant=" (assistant) "&line=" (line) } { (words.show_it()) } },
                    Unwritten::Broken(file, _) => { (words.mend_first()) " " (file) },
                    Unwritten::Changed => { (words.changed_meanwhile()) " " a href={ "answers?assistant=" (assistant) } { (words.own_answers()) } },
                    Unwritten::Unknown | Unwritten::Failed => (words.not_written()),
                } }
                @if let Unwritten::Broken(_, what) = refused {
                    details { summary { (words.reader_says()) } p lang="en" { (what) } }
                }
            }
        }
    }
}

/// What stands in the form of an answer.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) questions: String,
    pub(super) text: String,
    pub(super) until: String,
    pub(super) source: String,
}

impl Draft {
    /// Reads a form.
    pub(super) fn of(posted: &Posted) -> Self {
        let field = |name| {
            posted
                .field(name)
                .unwrap_or_default()
                .trim()
                .replace("\r\n", "\n")
        };
        Self {
            questions: field("questions"),
            text: field("text"),
            until: field("until"),
            source: field("source"),
        }
    }

    fn from(own: &OwnAnswer) -> Self {
        Self {
            questions: own.questions.join("\n"),
            text: own.text.clone(),
            until: own.until.clone().unwrap_or_default(),
            source: own.source.clone().unwrap_or_default(),
        }
    }

    /// Returns what is to be saved.
    pub(super) fn answer(&self, assistant: AssistantId) -> NewAnswer {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let lines = self.questions.lines().map(str::trim);
        NewAnswer {
            assistant,
            questions: lines.filter(|line| !line.is_empty()).map(str::to_owned).collect(),
            text: self.text.clone(),
            until: given(&self.until),
            source: given(&self.source),
        }
    }
}

/// The fields of an answer; `documents` may be its source.
pub(super) fn fields(words: Words, draft: &Draft, documents: &[String]) -> Markup {
    let gone = !draft.source.is_empty() && !documents.contains(&draft.source);
    html! {
        label for="questions" { (words.questions_label()) }
        textarea id="questions" name="questions" rows="3" required { "\n" (draft.questions) }
        label for="text" { (words.answer()) }
        textarea id="text" name="text" rows="4" required maxlength="4000" { "\n" (draft.text) }
        label for="until" { (words.until_label()) }
        input id="until" name="until" type="date" value=(draft.until);
        label for="source" { (words.source_label()) }
        select id="source" name="source" {
            option value="" { (words.no_source()) }
            @if gone { option value=(draft.source) selected { (draft.source) } }
            @for name in documents { option value=(name) selected[*name == draft.source] { (name) } }
        }
    }
}

/// Returns the names of an assistant's documents.
pub(super) async fn documents(
    desk: &Arc<Desk>,
    visit: &Visit,
    assistant: AssistantId,
) -> Result<Vec<String>, Response> {
    let shelves = desk.look(visit, Keeper::shelves).await?;
    let own = shelves.assistants.into_iter().find(|shelf| shelf.id == assistant);
    let names = own.map(|shelf| shelf.documents.into_iter().map(|one| one.name));
    Ok(names.into_iter().flatten().collect())
}

/// The pages that forms make have no address of their own.
pub(super) async fn door(_: Visit) -> Response {
    to("answers")
}

/// All of an assistant's.
pub(super) async fn page(State(desk): State<Arc<Desk>>, visit: Visit) -> Response {
    let words = visit.words;
    let assistants = desk.shared.engine.assistants();
    let asked = visit
        .asked("assistant")
        .and_then(|id| id.parse().ok())
        .map(AssistantId);
    let chosen = assistants.iter().find(|one| Some(one.id) == asked);
    let Some(assistant) = chosen.or(assistants.first()).map(|one| one.id) else {
        return visit.told(StatusCode::NOT_FOUND, words.none_own());
    };
    let own = match desk.look(&visit, move |keeper| keeper.own(assistant)).await {
        Ok(own) => own,
        Err(response) => return response,
    };
    let body = html! {
        p class="lead" { (words.own_answers_lead()) }
        @if assistants.len() > 1 {
            nav class="choice" aria-label=(words.assistant()) { @for one in assistants.iter() {
                a href={ "answers?assistant=" (one.id) } aria-current=[(one.id == assistant).then_some("page")] { (one.name) }
            } }
        }
        @if !own.faults.is_empty() {
            details class="card" open { summary { (words.faults_own()) } ul lang="en" { @for fault in &own.faults { li { (fault) } } } }
        }
        @if own.answers.is_empty() { section class="card" { p class="empty" { (words.none_own()) } } }
        @for one in &own.answers { (shown(words, assistant, one)) }
    };
    visit.page(words.own_answers(), Some("answers"), &body)
}

fn shown(words: Words, assistant: AssistantId, one: &OwnAnswer) -> Markup {
    let named = |page: &str| format!("{page}?assistant={assistant}&line={}", one.line);
    let id = format!("own{}", one.line);
    html! {
        section class="card" aria-labelledby=(id) {
            div class="title" {
                h2 id=(id) { (one.questions.first().map_or("", String::as_str)) }
                div class="acts" {
                    a class="button" href=(named("answer")) aria-describedby=(id) { (words.edit()) } " "
                    a class="danger" href=(named("withdraw")) aria-describedby=(id) { (words.withdraw()) }
                }
            }
            @if one.questions.len() > 1 { ul { @for question in one.questions.iter().skip(1) { li { (question) } } } }
            div class="answer" { (one.text) }
            p class=(if one.over { "failed" } else { "fine" }) {
                span class="lamp" { @match &one.until {
                    None => (words.holds_always()),
                    Some(until) if one.over => { (words.over_since()) " " (words.day_of(until)) },
                    Some(until) => { (words.holds_until()) " " (words.day_of(until)) },
                } }
            }
            p class="soft" { "answers.toml, " (words.line()) " " (one.line)
                @if let Some(source) = &one.source { " · " (words.document()) ": " (source) } }
        }
    }
}

/// Finds the answer that an address or a form names, or says that it is not there.
async fn found(
    desk: &Arc<Desk>,
    visit: &Visit,
    assistant: Option<&str>,
    line: Option<&str>,
    mark: Option<&str>,
) -> Result<(AssistantId, OwnAnswer), Response> {
    let gone = || visit.told(StatusCode::NOT_FOUND, visit.words.not_there());
    let assistant = assistant.and_then(|id| id.parse().ok()).map(AssistantId);
    let line = line.and_then(|line| line.parse::<usize>().ok());
    let (Some(assistant), Some(line)) = (assistant, line) else {
        return Err(gone());
    };
    let own = desk.look(visit, move |keeper| keeper.own(assistant)).await?;
    let mut answers = own.answers.into_iter();
    let one = answers.find(|one| one.line == line && mark.is_none_or(|mark| mark == one.mark));
    one.map(|one| (assistant, one)).ok_or_else(gone)
}

/// One of them, to be changed.
pub(super) async fn one(State(desk): State<Arc<Desk>>, visit: Visit) -> Response {
    let named = found(&desk, &visit, visit.asked("assistant"), visit.asked("line"), None);
    match named.await {
        Ok((assistant, own)) => form(&desk, &visit, assistant, &own, &Draft::from(&own), None).await,
        Err(response) => response,
    }
}

async fn form(
    desk: &Arc<Desk>,
    visit: &Visit,
    assistant: AssistantId,
    own: &OwnAnswer,
    draft: &Draft,
    refused: Option<&Unwritten>,
) -> Response {
    let words = visit.words;
    let documents = match documents(desk, visit, assistant).await {
        Ok(documents) => documents,
        Err(response) => return response,
    };
    let body = html! {
        (kept(words, assistant, refused))
        form class="card" method="post" action="answer" id="draft" {
            (visit.proof())
            input type="hidden" name="assistant" value=(assistant);
            (named(own))
            p class="hint" { "answers.toml, " (words.line()) " " (own.line) }
            (fields(words, draft, &documents))
            div class="row" { button class="main" { (words.save_answer()) } a class="button" href={ "answers?assistant=" (assistant) } { (words.cancel()) } }
        }
    };
    let status = status_of(refused);
    let switch = Switch::Form("draft", "redraft");
    visit.response_in(status, words.edit_title(), Some("answers"), switch, &body)
}

/// The fields that name an answer.
fn named(own: &OwnAnswer) -> Markup {
    html! {
        input type="hidden" name="line" value=(own.line);
        input type="hidden" name="mark" value=(own.mark);
    }
}

/// Finds the answer that a form names.
async fn posted_one(desk: &Arc<Desk>, posted: &Posted) -> Result<(AssistantId, OwnAnswer), Response> {
    let (assistant, line, mark) = (
        posted.field("assistant"),
        posted.field("line"),
        posted.field("mark"),
    );
    found(desk, &posted.visit, assistant, line, mark).await
}

/// The same form in another language, with what stands in it.
pub(super) async fn redraft(State(desk): State<Arc<Desk>>, posted: Posted) -> Response {
    match posted_one(&desk, &posted).await {
        Ok((assistant, own)) => {
            let draft = Draft::of(&posted);
            form(&desk, &posted.visit, assistant, &own, &draft, None).await
        }
        Err(response) => response,
    }
}

/// Saves what was changed and asks again.
pub(super) async fn revise(State(desk): State<Arc<Desk>>, posted: Posted) -> Response {
    let draft = Draft::of(&posted);
    let (assistant, own) = match posted_one(&desk, &posted).await {
        Ok(named) => named,
        Err(response) => return response,
    };
    let new = draft.answer(assistant);
    let question = new.questions.first().cloned().unwrap_or_default();
    let was = own.clone();
    let written = desk
        .look(&posted.visit, move |keeper| Ok(keeper.revise(was, new)))
        .await;
    match written {
        Ok(Ok(effect)) => again(&desk, &posted.visit, assistant, &question, effect).await,
        Ok(Err(refused)) => form(&desk, &posted.visit, assistant, &own, &draft, Some(&refused)).await,
        Err(response) => response,
    }
}

/// Asks once more before an answer is taken away.
pub(super) async fn sure(State(desk): State<Arc<Desk>>, visit: Visit) -> Response {
    let words = visit.words;
    let looked = found(&desk, &visit, visit.asked("assistant"), visit.asked("line"), None);
    let (assistant, own) = match looked.await {
        Ok(named) => named,
        Err(response) => return response,
    };
    let body = html! {
        form class="card narrow" method="post" action="withdraw" {
            (visit.proof())
            input type="hidden" name="assistant" value=(assistant);
            (named(&own))
            ul { @for question in &own.questions { li { (question) } } }
            div class="answer" { (own.text) }
            p { (words.withdraw_text()) }
            div class="row" { button class="main danger" { (words.withdraw()) } a class="button" href={ "answers?assistant=" (assistant) } { (words.keep()) } }
        }
    };
    visit.page(words.withdraw_title(), Some("answers"), &body)
}

/// Takes an answer away.
pub(super) async fn withdraw(State(desk): State<Arc<Desk>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let words = visit.words;
    let (assistant, own) = match posted_one(&desk, &posted).await {
        Ok(named) => named,
        Err(response) => return response,
    };
    let written = desk
        .look(visit, move |keeper| Ok(keeper.withdraw(assistant, own)))
        .await;
    let list = format!("answers?assistant={assistant}");
    match written {
        Ok(Ok(Effect::Live)) => visit.leads(&list, true, words.withdrawn().to_owned()),
        Ok(Ok(Effect::Held)) => visit.leads(&list, false, words.saved_held().to_owned()),
        Ok(Ok(Effect::Later)) => visit.leads(&list, true, words.saved_later().to_owned()),
        Ok(Err(Unwritten::Changed)) => visit.leads(&list, false, words.changed_meanwhile().to_owned()),
        Ok(Err(Unwritten::Broken(file, _))) => {
            visit.leads(&list, false, format!("{} {file}", words.mend_first()))
        }
        Ok(Err(_)) => visit.leads(&list, false, words.not_written().to_owned()),
        Err(response) => response,
    }
}
