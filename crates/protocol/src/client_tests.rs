//! Messages of clients, good and bad, as data.

#![allow(
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    clippy::unnecessary_wraps,
    reason = "tables of cases, in the type that the parser returns"
)]

use proptest::prelude::*;

use super::*;

fn check(text: &str, expected: Result<ClientMessage, MessageError>) {
    assert_eq!(Incoming::parse(text).message, expected, "for {text}");
}

fn selects(assistant_id: i64) -> Result<ClientMessage, MessageError> {
    Ok(ClientMessage::SelectAssistant { assistant_id })
}

fn asks(question: &str) -> Result<ClientMessage, MessageError> {
    Ok(ClientMessage::Question {
        question: question.to_owned(),
        sources: false,
        stream: false,
    })
}

fn wrong(field: FieldName, received: JsonKind) -> Result<ClientMessage, MessageError> {
    Err(MessageError::FieldType { field, received })
}

#[test]
fn published_messages_are_read() {
    check(r#"{"type":"get_assistants"}"#, Ok(ClientMessage::GetAssistants));
    check(r#"{"type":"select_assistant","assistant_id":1}"#, selects(1));
    check(
        r#"{"type":"question","question":"What is happening?"}"#,
        asks("What is happening?"),
    );
    check(
        "\n\t{ \"question\" : \"\\u041f\\ud83d\\ude00\" , \"type\" : \"question\" }\r\n",
        asks("П😀"),
    );
    check(r#"{"type":"question","question":"a\u0000b"}"#, asks("a\0b"));
}

#[test]
fn an_assistant_id_is_read_from_every_form_that_means_an_integer() {
    for (id, expected) in [
        ("1", selects(1)),
        ("1.0", selects(1)),
        ("1e0", selects(1)),
        ("-0.0", selects(0)),
        ("\"1\"", selects(1)),
        ("\"007\"", selects(7)),
        ("-5", selects(-5)),
        ("9223372036854775807", selects(i64::MAX)),
        ("-9223372036854775808", selects(i64::MIN)),
        ("9223372036854775808", Err(MessageError::AssistantIdOutOfRange)),
        ("99999999999999999999", Err(MessageError::AssistantIdOutOfRange)),
        ("1e300", Err(MessageError::AssistantIdOutOfRange)),
        (
            "\"99999999999999999999\"",
            Err(MessageError::AssistantIdOutOfRange),
        ),
        ("1.5", wrong(FieldName::AssistantId, JsonKind::Number)),
        ("\"\"", wrong(FieldName::AssistantId, JsonKind::String)),
        ("\" 1\"", wrong(FieldName::AssistantId, JsonKind::String)),
        ("\"+1\"", wrong(FieldName::AssistantId, JsonKind::String)),
        ("\"١\"", wrong(FieldName::AssistantId, JsonKind::String)),
        ("true", wrong(FieldName::AssistantId, JsonKind::Boolean)),
        ("null", wrong(FieldName::AssistantId, JsonKind::Null)),
        ("[1]", wrong(FieldName::AssistantId, JsonKind::Array)),
        ("{\"a\":1}", wrong(FieldName::AssistantId, JsonKind::Object)),
    ] {
        check(
            &format!(r#"{{"type":"select_assistant","assistant_id":{id}}}"#),
            expected,
        );
    }
}

#[test]
fn a_fault_of_form_is_named() {
    for (text, error) in [
        (
            r#"{"type":"select_assistant"}"#,
            MessageError::FieldMissing {
                field: FieldName::AssistantId,
            },
        ),
        (
            r#"{"type":"question"}"#,
            MessageError::FieldMissing {
                field: FieldName::Question,
            },
        ),
        (
            r#"{"type":"question","question":7}"#,
            MessageError::FieldType {
                field: FieldName::Question,
                received: JsonKind::Number,
            },
        ),
        (
            r#"{"type":"question","question":"?","sources":"yes"}"#,
            MessageError::FieldType {
                field: FieldName::Sources,
                received: JsonKind::String,
            },
        ),
        (
            r#"{"type":"get_assistants","id":[]}"#,
            MessageError::FieldType {
                field: FieldName::Id,
                received: JsonKind::Array,
            },
        ),
        ("{}", MessageError::TypeMissing),
        (
            r#"{"type":5}"#,
            MessageError::TypeNotText {
                received: JsonKind::Number,
            },
        ),
        (
            r#"{"type":null}"#,
            MessageError::TypeNotText {
                received: JsonKind::Null,
            },
        ),
        (
            r#"{"type":"ping"}"#,
            MessageError::TypeUnknown {
                received: "ping".to_owned(),
            },
        ),
        (
            r#"{"type":"Question"}"#,
            MessageError::TypeUnknown {
                received: "Question".to_owned(),
            },
        ),
        (
            "[]",
            MessageError::NotAnObject {
                received: JsonKind::Array,
            },
        ),
        (
            "null",
            MessageError::NotAnObject {
                received: JsonKind::Null,
            },
        ),
        (
            "true",
            MessageError::NotAnObject {
                received: JsonKind::Boolean,
            },
        ),
        (
            "1",
            MessageError::NotAnObject {
                received: JsonKind::Number,
            },
        ),
        (
            "-1",
            MessageError::NotAnObject {
                received: JsonKind::Number,
            },
        ),
        (
            "1.5",
            MessageError::NotAnObject {
                received: JsonKind::Number,
            },
        ),
        (
            "\"x\"",
            MessageError::NotAnObject {
                received: JsonKind::String,
            },
        ),
        ("", MessageError::NotJson { line: 1, column: 0 }),
        ("привет", MessageError::NotJson { line: 1, column: 1 }),
        (
            r#"{"type":"question","question":"да" да}"#,
            MessageError::NotJson { line: 1, column: 36 },
        ),
        ("{\n\"type\": x}", MessageError::NotJson { line: 2, column: 9 }),
        (
            r#"{"type":"get_assistants"} {}"#,
            MessageError::NotJson { line: 1, column: 27 },
        ),
    ] {
        check(text, Err(error));
    }
}

#[test]
fn a_lone_surrogate_is_a_fault_of_form_and_not_a_crash() {
    let incoming = Incoming::parse(r#"{"type":"question","question":"\ud800"}"#);
    assert!(
        matches!(incoming.message, Err(MessageError::NotJson { line: 1, .. })),
        "{incoming:?}"
    );
}

#[test]
fn the_last_of_a_repeated_key_counts() {
    check(
        r#"{"type":"question","type":"get_assistants"}"#,
        Ok(ClientMessage::GetAssistants),
    );
    check(
        r#"{"type":"select_assistant","assistant_id":"x","assistant_id":2}"#,
        selects(2),
    );
}

#[test]
fn unknown_keys_are_ignored_however_deep_they_are() {
    check(
        r#"{"type":"get_assistants","stream":true,"x":{"y":[1,{"z":null}]}}"#,
        Ok(ClientMessage::GetAssistants),
    );
    let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
    check(
        &format!(r#"{{"x":{open}{close},"type":"get_assistants"}}"#),
        Ok(ClientMessage::GetAssistants),
    );
    check(
        &format!("{open}{close}"),
        Err(MessageError::NotAnObject {
            received: JsonKind::Array,
        }),
    );
    let objects = r#"{"a":"#.repeat(50_000);
    assert!(Incoming::parse(&objects).message.is_err());
}

#[test]
fn a_long_unknown_type_is_cut() {
    let incoming = Incoming::parse(&format!(r#"{{"type":"{}"}}"#, "я".repeat(1_000)));
    assert_eq!(
        incoming.message,
        Err(MessageError::TypeUnknown {
            received: "я".repeat(64)
        })
    );
}

#[test]
fn a_judgement_says_yes_or_no_and_of_which_question() {
    let judged = |helpful| Ok(ClientMessage::Feedback { helpful });
    check(r#"{"type":"feedback","id":"q-1","helpful":true}"#, judged(true));
    check(r#"{"type":"feedback","id":7,"helpful":false}"#, judged(false));
    let missing = |field| Err(MessageError::FieldMissing { field });
    check(r#"{"type":"feedback","id":7}"#, missing(FieldName::Helpful));
    check(r#"{"type":"feedback","helpful":true}"#, missing(FieldName::Id));
    check(
        r#"{"type":"feedback","id":7,"helpful":"yes"}"#,
        Err(MessageError::FieldType {
            field: FieldName::Helpful,
            received: JsonKind::String,
        }),
    );
}

#[test]
fn the_mark_is_kept_beside_a_fault() {
    for (id, expected) in [
        ("7", Some(MessageId::Integer(7))),
        ("\"a\"", Some(MessageId::Text("a".to_owned()))),
        ("null", None),
    ] {
        let incoming = Incoming::parse(&format!(r#"{{"type":"nonsense","id":{id}}}"#));
        assert_eq!(incoming.id, expected);
        assert!(incoming.message.is_err());
    }
}

#[test]
fn what_a_client_may_say_is_written_as_published() {
    let check = |request: &Request, expected: &str| assert_eq!(request.to_json(), expected);
    check(
        &ClientMessage::GetAssistants.into(),
        r#"{"type":"get_assistants"}"#,
    );
    check(
        &ClientMessage::Question {
            question: "Что?".to_owned(),
            sources: false,
            stream: false,
        }
        .into(),
        r#"{"type":"question","question":"Что?"}"#,
    );
    let message = ClientMessage::Question {
        question: "?".to_owned(),
        sources: true,
        stream: true,
    };
    check(
        &Request {
            id: Some(MessageId::Integer(3)),
            message,
        },
        r#"{"type":"question","question":"?","sources":true,"stream":true,"id":3}"#,
    );
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC*") {
        let _ = Incoming::parse(&text);
    }

    #[test]
    fn any_mutilated_message_is_read_without_a_panic(cut in 0_usize..60, put in "[\"{}\\[\\],:\\\\u0-9a-fé]{0,6}") {
        let whole = r#"{"type":"question","question":"Что?","sources":true,"id":"x"}"#;
        let cut = (0..=cut).rev().find(|&at| whole.is_char_boundary(at)).unwrap_or(0);
        let _ = Incoming::parse(&format!("{}{put}{}", &whole[..cut], &whole[cut..]));
    }

    #[test]
    fn what_is_written_is_read_back(question in ".*", sources: bool, stream: bool, number: i64, text in ".*", which in 0..4_u8) {
        let message = match which {
            0 => ClientMessage::GetAssistants,
            1 => ClientMessage::SelectAssistant { assistant_id: number },
            2 => ClientMessage::Feedback { helpful: sources },
            _ => ClientMessage::Question { question, sources, stream },
        };
        let id = if number % 2 == 0 { MessageId::Integer(number) } else { MessageId::Text(text) };
        let request = Request { id: Some(id.clone()), message: message.clone() };
        prop_assert_eq!(Incoming::parse(&request.to_json()), Incoming { id: Some(id), message: Ok(message) });
    }
}
