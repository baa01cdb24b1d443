//! What is checked: every row of parts 1 and 2 of the protocol.

use docent_corpus::Language;
use serde_json::Value;
use tungstenite::Message;

use super::link::{Link, frame};
use super::steps::{Checked, LIST, asked, choice, faults, must, published, selected};
use super::{Case, Server};

const PUBLISHED: &str = "Part 1: what is published";
const MESSAGES: &str = "Part 2: messages";
const FAULTS: &str = "Part 2: faults leave the connection usable";
const CONNECTION: &str = "Part 2: the connection";

/// Every check, in the order of the protocol.
pub(super) const ALL: &[Case] = &[
    Case {
        part: PUBLISHED,
        name: "get_assistants gives the list: exactly the keys id, name, description; type first; compact; ordered by id",
        run: list,
    },
    Case {
        part: PUBLISHED,
        name: "select_assistant gives success with the assistant's name",
        run: select,
    },
    Case {
        part: PUBLISHED,
        name: "an unknown assistant gives the error «Ассистент не найден»",
        run: unknown_assistant,
    },
    Case {
        part: PUBLISHED,
        name: "a question gives an answer with exactly type and message",
        run: question,
    },
    Case {
        part: PUBLISHED,
        name: "a question before a selection gives the error «Ассистент не выбран»",
        run: not_selected,
    },
    Case {
        part: PUBLISHED,
        name: "a reconnect has no assistant selected",
        run: reconnect,
    },
    Case {
        part: MESSAGES,
        name: "1.0 and \"1\" are read as assistant_id 1; other types are an error that names the field",
        run: assistant_ids,
    },
    Case {
        part: MESSAGES,
        name: "numbers at every edge are an error, the connection lives on",
        run: numbers,
    },
    Case {
        part: MESSAGES,
        name: "a failed selection leaves the earlier one in force; selecting again replaces it",
        run: selection_stays,
    },
    Case {
        part: MESSAGES,
        name: "unknown extra keys are ignored",
        run: extra_keys,
    },
    Case {
        part: MESSAGES,
        name: "of a repeated key the last one counts, or a clear error",
        run: repeated_keys,
    },
    Case {
        part: MESSAGES,
        name: "1,000 pipelined messages are answered in order, one reply each",
        run: pipelined,
    },
    Case {
        part: FAULTS,
        name: "malformed JSON of all kinds",
        run: malformed,
    },
    Case {
        part: FAULTS,
        name: "JSON that is no object",
        run: no_object,
    },
    Case {
        part: FAULTS,
        name: "a binary message",
        run: binary,
    },
    Case {
        part: FAULTS,
        name: "type missing, not a string, unknown: the three known types are listed",
        run: types,
    },
    Case {
        part: FAULTS,
        name: "a missing or mistyped field is named",
        run: fields,
    },
    Case {
        part: FAULTS,
        name: "a question that is empty, white space or invisible: «Пустой вопрос»",
        run: empty,
    },
    Case {
        part: FAULTS,
        name: "a question of 4,001 characters: limit and length are told; 4,000 are answered",
        run: too_long,
    },
    Case {
        part: FAULTS,
        name: "nesting of 10,000 levels",
        run: nesting,
    },
    Case {
        part: FAULTS,
        name: "lone surrogates and NUL",
        run: odd_letters,
    },
    Case {
        part: FAULTS,
        name: "errors tell nothing of the server's inside",
        run: no_internals,
    },
    Case {
        part: CONNECTION,
        name: "a message in three frames with a ping between them is one message",
        run: fragments,
    },
    Case {
        part: CONNECTION,
        name: "a ping is answered with the same payload",
        run: ping,
    },
    Case {
        part: CONNECTION,
        name: "a Close is answered with a Close",
        run: close,
    },
    Case {
        part: CONNECTION,
        name: "text that is not UTF-8 closes with 1007",
        run: not_utf8,
    },
    Case {
        part: CONNECTION,
        name: "a message over the limit (64 KiB) closes with 1009",
        run: too_big,
    },
    Case {
        part: CONNECTION,
        name: "a frame without a mask closes with 1002",
        run: unmasked,
    },
    Case {
        part: CONNECTION,
        name: "a reserved opcode closes with 1002",
        run: reserved,
    },
    Case {
        part: CONNECTION,
        name: "a continuation of nothing closes with 1002",
        run: continuation,
    },
    Case {
        part: CONNECTION,
        name: "half a frame and an abrupt end trouble nobody else",
        run: half_frame,
    },
    Case {
        part: CONNECTION,
        name: "a plain GET gets 426",
        run: plain_get,
    },
    Case {
        part: CONNECTION,
        name: "a slash at the end and a query string make no difference",
        run: same_endpoint,
    },
    Case {
        part: CONNECTION,
        name: "of the subprotocols offered docent.v1 is chosen, else none",
        run: subprotocol,
    },
    Case {
        part: CONNECTION,
        name: "permessage-deflate may be offered and is not needed",
        run: deflate,
    },
];

fn list(server: &Server) -> Checked {
    let reply = server
        .target
        .open()?
        .ask(LIST)?
        .is("assistant_list", &["assistants"])?;
    let entries = reply.keys["assistants"].as_array().cloned().unwrap_or_default();
    let shaped = entries.iter().all(|one| {
        let Some(one) = one.as_object() else { return false };
        one.len() == 3
            && one.get("id").is_some_and(Value::is_i64)
            && one.get("name").is_some_and(Value::is_string)
            && one.get("description").is_some_and(Value::is_string)
    });
    let ids: Vec<i64> = entries.iter().filter_map(|one| one["id"].as_i64()).collect();
    must(shaped && !ids.is_empty() && ids.is_sorted(), reply.text)
}

fn select(server: &Server) -> Checked {
    let reply = server
        .target
        .open()?
        .ask(&choice(server))?
        .is("success", &["message"])?;
    let expected = match server.locale {
        Language::Russian => format!("Ассистент выбран: {}", server.name),
        _ => server.name.clone(),
    };
    must(reply.message().contains(&expected), reply.text)
}

fn unknown_assistant(server: &Server) -> Checked {
    let mut link = server.target.open()?;
    let reply = link
        .ask(r#"{"type":"select_assistant","assistant_id":999999}"#)?
        .is("error", &["message"])?;
    let exact = server.locale != Language::Russian || reply.message() == "Ассистент не найден";
    must(exact, reply.text)
}

fn question(server: &Server) -> Checked {
    let mut link = selected(server)?;
    let reply = link
        .ask(r#"{"type":"question","question":"What is happening?"}"#)?
        .is("answer", &["message"])?;
    must(!reply.message().is_empty(), reply.text)
}

fn not_selected(server: &Server) -> Checked {
    let mut link = server.target.open()?;
    faults(
        &mut link,
        &[asked("Где?")],
        published(server, "Ассистент не выбран"),
    )
}

fn reconnect(server: &Server) -> Checked {
    drop(selected(server)?);
    not_selected(server)
}

fn assistant_ids(server: &Server) -> Checked {
    let mut link = server.target.open()?;
    for form in [
        format!("{}.0", server.assistant),
        format!("\"{}\"", server.assistant),
    ] {
        let message = format!(r#"{{"type":"select_assistant","assistant_id":{form}}}"#);
        link.ask(&message)?.is("success", &["message"])?;
    }
    let wrong = [
        "null", "true", "[]", "{}", "[1]", "\"one\"", "1.5", "\"\"", "\" 1\"",
    ];
    let wrong = wrong.map(|form| format!(r#"{{"type":"select_assistant","assistant_id":{form}}}"#));
    faults(&mut link, &wrong, &["assistant_id"])
}

fn numbers(server: &Server) -> Checked {
    let mut link = server.target.open()?;
    let edges = [
        "-1",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "18446744073709551616",
        "1e18",
        "1e300",
        "1e400",
        "-0.5",
        "123456789012345678901234567890",
        "\"99999999999999999999999999\"",
    ];
    let edges = edges.map(|form| format!(r#"{{"type":"select_assistant","assistant_id":{form}}}"#));
    faults(&mut link, &edges, &[])
}

fn selection_stays(server: &Server) -> Checked {
    let mut link = selected(server)?;
    link.ask(r#"{"type":"select_assistant","assistant_id":999999}"#)?
        .is("error", &["message"])?;
    link.ask(&asked("Где вы находитесь?"))?
        .is("answer", &["message"])?;
    link.ask(&choice(server))?.is("success", &["message"])?;
    link.ask(&asked("Где вы находитесь?"))?
        .is("answer", &["message"])
        .map(drop)
}

fn extra_keys(server: &Server) -> Checked {
    let mut link = selected(server)?;
    link.ask(r#"{"type":"get_assistants","x":[1,{"y":null}],"Type":"question","":0}"#)?
        .is("assistant_list", &["assistants"])?;
    let message =
        r#"{"lang":"ru","type":"question","history":[{"q":"a"}],"question":"Где?","assistant_id":"no"}"#;
    link.ask(message)?.is("answer", &["message"]).map(drop)
}

fn repeated_keys(server: &Server) -> Checked {
    let mut link = selected(server)?;
    let reply = link.ask(r#"{"type":"question","type":"get_assistants"}"#)?;
    must(matches!(reply.kind(), "assistant_list" | "error"), reply.text)?;
    let reply = link.ask(r#"{"type":"question","question":5,"question":"Где?"}"#)?;
    must(matches!(reply.kind(), "answer" | "error"), reply.text)?;
    link.ask(LIST)?.is("assistant_list", &["assistants"]).map(drop)
}

fn pipelined(server: &Server) -> Checked {
    const MESSAGES: usize = 1_000;
    let mut link = server.target.open()?;
    for number in 0..MESSAGES {
        let message = match number % 3 {
            0 => LIST.to_owned(),
            1 => choice(server),
            _ => format!(r#"{{"type":"no_{number}"}}"#),
        };
        link.say(&message)?;
    }
    for number in 0..MESSAGES {
        let reply = link.reply()?;
        let right = match number % 3 {
            0 => reply.kind() == "assistant_list",
            1 => reply.kind() == "success",
            _ => reply.kind() == "error" && reply.message().contains(&format!("no_{number}")),
        };
        must(right, format!("as reply {}: {}", number + 1, reply.text))?;
    }
    // Nothing that was not asked for is on its way.
    link.ask(LIST)?.is("assistant_list", &["assistants"]).map(drop)
}

fn malformed(server: &Server) -> Checked {
    let mut link = server.target.open()?;
    let bad = [
        "",
        " ",
        "{",
        "}",
        "{]",
        "nul",
        "{\"type\"}",
        "{\"type\":}",
        "{\"type\":\"get_assistants\"",
        "{\"type\":\"get_assistants\",}",
        "{'type':'get_assistants'}",
        "{type:\"get_assistants\"}",
        "{\"type\":\"get_assistants\"}{}",
        "{\"type\":\"get_assistants\"} x",
        "{\"type\":NaN}",
        "{\"type\":+1}",
        "{\"type\":01}",
        "{\"type\":\"\u{1}\"}",
        "{\"type\":\"\\x\"}",
        "{\"type\":\"\\u12\"}",
        "// {\"type\":\"get_assistants\"}",
        "\u{feff}{\"type\":\"get_assistants\"",
        "<xml/>",
    ];
    faults(&mut link, &bad, &[])
}

fn no_object(server: &Server) -> Checked {
    let mut link = server.target.open()?;
    faults(
        &mut link,
        &[
            "null",
            "true",
            "1",
            "\"get_assistants\"",
            "[]",
            "[{\"type\":\"get_assistants\"}]",
        ],
        &["JSON"],
    )
}

fn binary(server: &Server) -> Checked {
    let mut link = server.target.open()?;
    link.send(Message::binary(LIST.as_bytes().to_vec()))?;
    link.reply()?.is("error", &["message"])?.says(&["JSON"])?;
    link.ask(LIST)?.is("assistant_list", &["assistants"]).map(drop)
}

fn types(server: &Server) -> Checked {
    let mut link = server.target.open()?;
    let known = ["get_assistants", "select_assistant", "question"];
    let bad = [
        "{}",
        r#"{"type":null}"#,
        r#"{"type":1}"#,
        r#"{"type":["question"]}"#,
        r#"{"type":""}"#,
        r#"{"type":"GET_ASSISTANTS"}"#,
    ];
    faults(&mut link, &bad, &known)?;
    let received = [known.as_slice(), &["bye_bye"]].concat();
    faults(&mut link, &[r#"{"type":"bye_bye"}"#], &received)
}

fn fields(server: &Server) -> Checked {
    let mut link = selected(server)?;
    faults(&mut link, &[r#"{"type":"select_assistant"}"#], &["assistant_id"])?;
    let bad = [
        "",
        r#","question":null"#,
        r#","question":1"#,
        r#","question":["x"]"#,
        r#","question":{}"#,
        r#","question":false"#,
    ];
    faults(
        &mut link,
        &bad.map(|field| format!(r#"{{"type":"question"{field}}}"#)),
        &["question"],
    )
}

fn empty(server: &Server) -> Checked {
    let mut link = selected(server)?;
    let blank = [
        "",
        " ",
        "\n\t ",
        "\u{a0}\u{2003}",
        "\u{200b}\u{200d}\u{2060}\u{feff}",
        "\u{ad}",
    ];
    faults(&mut link, &blank.map(asked), published(server, "Пустой вопрос"))
}

fn too_long(server: &Server) -> Checked {
    let mut link = selected(server)?;
    let long = "ы".repeat(4_001);
    let reply = link.ask(&asked(&long))?.is("error", &["message"])?;
    let digits: String = reply.message().chars().filter(char::is_ascii_digit).collect();
    must(digits.contains("4000") && digits.contains("4001"), reply.text)?;
    link.ask(&asked(&long[2..]))?.is("answer", &["message"]).map(drop)
}

fn nesting(server: &Server) -> Checked {
    let mut link = selected(server)?;
    let (open, shut) = ("[".repeat(10_000), "]".repeat(10_000));
    for message in [
        format!("{open}{shut}"),
        format!(r#"{{"type":"question","question":{open}{shut}}}"#),
        "{\"a\":".repeat(10_000),
    ] {
        let reply = link.ask(&message)?;
        must(reply.kind() == "error", reply.text)?;
    }
    // Whether an unknown key this deep is ignored or refused is the server's choice.
    let reply = link.ask(&format!(r#"{{"type":"get_assistants","x":{open}{shut}}}"#))?;
    must(matches!(reply.kind(), "assistant_list" | "error"), reply.text)?;
    link.ask(LIST)?.is("assistant_list", &["assistants"]).map(drop)
}

fn odd_letters(server: &Server) -> Checked {
    let mut link = selected(server)?;
    for question in [
        "\\ud800",
        "\\udc00 где?",
        "где\\u0000?",
        "\\u0000",
        "\\ud83d\\ude00",
        "\\uffff",
    ] {
        let reply = link.ask(&format!(r#"{{"type":"question","question":"{question}"}}"#))?;
        must(matches!(reply.kind(), "answer" | "error"), reply.text)?;
    }
    link.ask(LIST)?.is("assistant_list", &["assistants"]).map(drop)
}

fn no_internals(server: &Server) -> Checked {
    const INSIDE: [&str; 9] = [
        ".rs:",
        "panicked",
        "src/",
        "Traceback",
        "Exception",
        "stack",
        "/home/",
        "/usr/",
        "serde",
    ];
    let mut link = selected(server)?;
    for message in [
        "{",
        r#"{"type":"question","question":{}}"#,
        r#"{"type":"select_assistant","assistant_id":1e999}"#,
    ] {
        let reply = link.ask(message)?;
        must(
            !INSIDE.iter().any(|inside| reply.text.contains(inside)),
            reply.text,
        )?;
    }
    Ok(())
}

fn fragments(server: &Server) -> Checked {
    let mut link = server.target.open()?;
    let (one, rest) = LIST.as_bytes().split_at(5);
    let (two, three) = rest.split_at(9);
    link.raw(
        &[
            frame(0x01, one, true),
            frame(0x89, b"between", true),
            frame(0x00, two, true),
            frame(0x80, three, true),
        ]
        .concat(),
    )?;
    link.reply()?.is("assistant_list", &["assistants"]).map(drop)
}

fn ping(server: &Server) -> Checked {
    let mut link = server.target.open()?;
    for payload in [&b""[..], b"17", &[0xff; 125]] {
        link.send(Message::Ping(payload.to_vec().into()))?;
        match link.next()? {
            Message::Pong(back) if back[..] == *payload => {}
            other => return Err(format!("{other:?}")),
        }
    }
    Ok(())
}

fn close(server: &Server) -> Checked {
    let mut link = server.target.open()?;
    link.raw(&frame(0x88, &1000_u16.to_be_bytes(), true))?;
    closed(link, 1000)
}

fn closed(mut link: Link, code: u16) -> Checked {
    let received = link.close_code()?;
    must(
        received == Some(code),
        received.map_or_else(
            || "an end without a Close frame".to_owned(),
            |code| format!("code {code}"),
        ),
    )
}

fn not_utf8(server: &Server) -> Checked {
    let mut link = server.target.open()?;
    link.raw(&frame(0x81, b"{\"type\":\"\xff\xfe\"}", true))?;
    closed(link, 1007)
}

fn too_big(server: &Server) -> Checked {
    let mut link = server.target.open()?;
    // The server may stop reading before all of it is sent.
    let _ = link.raw(&frame(0x81, asked(&"x".repeat(100_000)).as_bytes(), true));
    closed(link, 1009)
}

fn unmasked(server: &Server) -> Checked {
    let mut link = server.target.open()?;
    link.raw(&frame(0x81, LIST.as_bytes(), false))?;
    closed(link, 1002)
}

fn reserved(server: &Server) -> Checked {
    let mut link = server.target.open()?;
    link.raw(&frame(0x83, b"x", true))?;
    closed(link, 1002)
}

fn continuation(server: &Server) -> Checked {
    let mut link = server.target.open()?;
    link.raw(&frame(0x80, b"x", true))?;
    closed(link, 1002)
}

fn half_frame(server: &Server) -> Checked {
    let mut other = selected(server)?;
    for bytes in [
        &[0x81][..],
        &[0x81, 0xfe],
        &[0x81, 0x85, 1, 2, 3, 4, 5],
        &[0x88],
        &[0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ] {
        let mut link = server.target.open()?;
        link.raw(bytes)?;
        link.drop_abruptly();
    }
    other.ask(&asked("Где?"))?.is("answer", &["message"])?;
    server
        .target
        .open()?
        .ask(LIST)?
        .is("assistant_list", &["assistants"])
        .map(drop)
}

fn plain_get(server: &Server) -> Checked {
    let reply = server.target.http(server.target.path())?;
    must(reply.starts_with("HTTP/1.1 426"), reply)
}

fn same_endpoint(server: &Server) -> Checked {
    let path = server.target.path().trim_end_matches('/').to_owned();
    for path in [
        format!("{path}/"),
        format!("{path}?token=1&x=%20"),
        format!("{path}/?a"),
    ] {
        let (mut link, _) = server
            .target
            .shake(&path, &[])
            .map_err(|received| format!("{path}: {received}"))?;
        link.ask(LIST)?.is("assistant_list", &["assistants"])?;
    }
    Ok(())
}

fn subprotocol(server: &Server) -> Checked {
    const NAME: &str = "sec-websocket-protocol";
    let path = server.target.path().to_owned();
    let (_, reply) = server
        .target
        .shake(&path, &[("Sec-WebSocket-Protocol", "chat, docent.v1")])?;
    let chosen = reply.headers().get(NAME).and_then(|value| value.to_str().ok());
    must(chosen == Some("docent.v1"), format!("{chosen:?}"))?;
    // A client that insists on a subprotocol ends the handshake when none of its own is chosen, so none is offered to it.
    let (_, reply) = server.target.shake(&path, &[])?;
    must(
        !reply.headers().contains_key(NAME),
        "a subprotocol that nobody offered",
    )
}

fn deflate(server: &Server) -> Checked {
    let path = server.target.path().to_owned();
    let offer = [(
        "Sec-WebSocket-Extensions",
        "permessage-deflate; client_max_window_bits",
    )];
    let (mut link, _) = server.target.shake(&path, &offer)?;
    link.ask(LIST)?.is("assistant_list", &["assistants"]).map(drop)
}
