//! Replies, byte for byte.

use proptest::prelude::*;

use super::*;

fn check(message: ServerMessage, id: Option<MessageId>, expected: &str) {
    let reply = Reply { id, message };
    assert_eq!(reply.to_json(), expected);
    assert_eq!(Reply::from_json(expected).unwrap(), reply);
}

#[test]
fn replies_are_written_byte_for_byte_and_read_back() {
    check(
        ServerMessage::AssistantList {
            assistants: vec![AssistantEntry {
                id: 1,
                name: "Общий ассистент".to_owned(),
                description: "Отвечает на общие вопросы".to_owned(),
            }],
        },
        None,
        r#"{"type":"assistant_list","assistants":[{"id":1,"name":"Общий ассистент","description":"Отвечает на общие вопросы"}]}"#,
    );
    check(
        ServerMessage::AssistantList { assistants: vec![] },
        None,
        r#"{"type":"assistant_list","assistants":[]}"#,
    );
    check(
        ServerMessage::Success {
            message: "Ассистент выбран: Общий ассистент".to_owned(),
        },
        None,
        r#"{"type":"success","message":"Ассистент выбран: Общий ассистент"}"#,
    );
    check(
        ServerMessage::Error {
            message: "Ассистент не найден".to_owned(),
        },
        Some(MessageId::Text("а-1".to_owned())),
        r#"{"type":"error","message":"Ассистент не найден","id":"а-1"}"#,
    );
    check(
        ServerMessage::Answer {
            message: "…".to_owned(),
            sources: None,
        },
        None,
        r#"{"type":"answer","message":"…"}"#,
    );
}

#[test]
fn the_list_beside_the_socket_has_what_a_page_shows_first() {
    let cards = AssistantCards {
        assistants: vec![AssistantCard {
            id: 4,
            name: "Көмекші".to_owned(),
            description: "Жауап береді".to_owned(),
            language: Some("kk".to_owned()),
            suggestions: vec!["Қалай?".to_owned()],
        }],
        question_chars: 4_000,
    };
    let written = r#"{"assistants":[{"id":4,"name":"Көмекші","description":"Жауап береді","language":"kk","suggestions":["Қалай?"]}],"question_chars":4000}"#;
    assert_eq!(cards.to_json(), written);
}

#[test]
fn an_answer_carries_its_sources_when_asked() {
    check(
        ServerMessage::Answer {
            message: "Да [1]".to_owned(),
            sources: Some(vec![SourceEntry {
                n: 1,
                document: "Правила".to_owned(),
                section: Some("Отпуск".to_owned()),
                page: None,
                quote: "Да".to_owned(),
                url: Some("sources/1/a.txt?at=0-4#quote".to_owned()),
            }]),
        },
        Some(MessageId::Integer(-3)),
        r#"{"type":"answer","message":"Да [1]","sources":[{"n":1,"document":"Правила","section":"Отпуск","page":null,"quote":"Да","url":"sources/1/a.txt?at=0-4#quote"}],"id":-3}"#,
    );
    check(
        ServerMessage::Answer {
            message: "Нет".to_owned(),
            sources: Some(vec![]),
        },
        None,
        r#"{"type":"answer","message":"Нет","sources":[]}"#,
    );
}

#[test]
fn what_is_no_reply_is_refused() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"type":"success"}"#,
        r#"{"type":"answer_delta"}"#,
        r#"{"type":"answer_part","message":"x"}"#,
        r#"{"type":"assistant_list"}"#,
    ] {
        assert!(Reply::from_json(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_words_survive_the_wire(words in ".*", id in proptest::option::of(any::<i64>())) {
        let reply = Reply { id: id.map(MessageId::Integer), message: ServerMessage::Error { message: words } };
        let json = reply.to_json();
        let begins_as_published = json.starts_with(r#"{"type":"error","message":""#);
        prop_assert!(begins_as_published);
        prop_assert_eq!(Reply::from_json(&json).unwrap(), reply);
    }
}
