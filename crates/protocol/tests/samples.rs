//! One message of every form that the types can take, as it goes over the wire: what the `AsyncAPI` document is held against.

#![allow(clippy::unwrap_used, reason = "tests")]

use docent_protocol::{
    AssistantEntry, ClientMessage, Incoming, MessageId, Reply, Request, ServerMessage, SourceEntry,
};
use expect_test::expect_file;

fn requests() -> Vec<Request> {
    let marked = |message: ClientMessage, id: MessageId| Request {
        id: Some(id),
        message,
    };
    let select = ClientMessage::SelectAssistant { assistant_id: 1 };
    let question = |question: &str, more| ClientMessage::Question {
        question: question.to_owned(),
        sources: more,
        stream: more,
    };
    vec![
        ClientMessage::GetAssistants.into(),
        marked(ClientMessage::GetAssistants, MessageId::Integer(7)),
        select.clone().into(),
        marked(select, MessageId::Text("choice".to_owned())),
        question("What is happening?", false).into(),
        marked(
            question("Какой график работы?", true),
            MessageId::Text("q-1".to_owned()),
        ),
        marked(
            ClientMessage::Feedback { helpful: true },
            MessageId::Text("q-1".to_owned()),
        ),
    ]
}

fn replies() -> Vec<Reply> {
    let text = ToOwned::to_owned;
    let list = ServerMessage::AssistantList {
        assistants: vec![AssistantEntry {
            id: 1,
            name: text("Общий ассистент"),
            description: text("Отвечает на общие вопросы"),
        }],
    };
    let success = ServerMessage::Success {
        message: text("Ассистент выбран: Общий ассистент"),
    };
    let error = ServerMessage::Error {
        message: text("Ассистент не найден"),
    };
    let answer = |message: &str, sources| ServerMessage::Answer {
        message: text(message),
        sources,
    };
    let delta = |message: &str| ServerMessage::AnswerDelta {
        message: text(message),
    };
    let source = |section: Option<&str>, page| SourceEntry {
        n: 1,
        document: text("Контакты"),
        section: section.map(text),
        page,
        quote: text("Центр открыт с 9 до 18 часов."),
        url: section.map(|_| {
            text("sources/1/contacts.html?version=8f14e45fceea167a5a36dedd4bea2543&at=310-361#quote")
        }),
    };
    let choice = || Some(MessageId::Text(text("choice")));
    let asked = || Some(MessageId::Text(text("q-1")));
    let said = "Центр открыт с 9 до 18 часов.\n\n[1] Контакты, График работы, с. 2";
    let marked = |message: ServerMessage, id: Option<MessageId>| Reply { id, message };
    vec![
        list.clone().into(),
        marked(list, Some(MessageId::Integer(7))),
        success.clone().into(),
        marked(success, choice()),
        answer(
            "К сожалению, по вашему вопросу не найдено подходящей информации.",
            None,
        )
        .into(),
        marked(
            answer(said, Some(vec![source(Some("График работы"), Some(2))])),
            asked(),
        ),
        marked(answer(said, Some(vec![source(None, None)])), asked()),
        marked(answer("Здравствуйте!", Some(Vec::new())), asked()),
        marked(delta("Центр открыт с 9 до 18 часов.\n\n"), asked()),
        delta("Здравствуйте!").into(),
        error.clone().into(),
        marked(error, choice()),
    ]
}

#[test]
fn the_recorded_samples_are_what_the_types_print_and_read() {
    let lines: Vec<String> = requests()
        .iter()
        .map(Request::to_json)
        .chain(replies().iter().map(Reply::to_json))
        .collect();
    expect_file!["../testdata/samples.jsonl"].assert_eq(&(lines.join("\n") + "\n"));
    for (request, line) in requests().into_iter().zip(&lines) {
        let read = Incoming::parse(line);
        assert_eq!((read.id, read.message), (request.id, Ok(request.message)));
    }
    for (reply, line) in replies().into_iter().zip(&lines[requests().len()..]) {
        assert_eq!(Reply::from_json(line).unwrap(), reply);
    }
}

#[test]
fn every_type_of_message_has_a_sample() {
    let asked: Vec<&str> = requests().iter().map(|one| one.message.type_name()).collect();
    let answered: Vec<&str> = replies().iter().map(|one| one.message.type_name()).collect();
    let all = |published: &'static [&'static str], extensions: &'static [&'static str]| {
        [published, extensions].concat()
    };
    let asks = all(&ClientMessage::TYPES, &ClientMessage::EXTENSIONS);
    assert!(asks.iter().all(|name| asked.contains(name)));
    let answers = all(&ServerMessage::TYPES, &ServerMessage::EXTENSIONS);
    assert!(answers.iter().all(|name| answered.contains(name)));
}
