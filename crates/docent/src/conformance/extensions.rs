//! What is checked of part 3: extensions that a server may have, seen only by a client that asks.

use super::steps::{Checked, must, selected};
use super::{Case, Server};

const PART: &str = "Part 3: extensions, only for a client that asks";

/// Every check. A server without an extension keeps the protocol, so these are counted apart.
pub(super) const ALL: &[Case] = &[
    Case {
        part: PART,
        name: "id, a string or an integer, is repeated by the reply, also by an error",
        run: ids,
    },
    Case {
        part: PART,
        name: "sources: true gives numbered sources",
        run: sources,
    },
    Case {
        part: PART,
        name: "stream: true gives answer_delta messages whose texts joined are the answer that follows, with its id",
        run: stream,
    },
    Case {
        part: PART,
        name: "stream: true with an error gives the error alone; without it there are no parts",
        run: no_parts,
    },
    Case {
        part: PART,
        name: "feedback with id and helpful gives success; without one of them an error that names it",
        run: feedback,
    },
];

fn ids(server: &Server) -> Checked {
    let mut link = selected(server)?;
    let reply = link
        .ask(r#"{"type":"get_assistants","id":"a-1"}"#)?
        .is("assistant_list", &["assistants", "id"])?;
    must(reply.keys["id"] == "a-1", reply.text)?;
    let reply = link
        .ask(r#"{"type":"question","question":"Где?","id":42}"#)?
        .is("answer", &["message", "id"])?;
    must(reply.keys["id"] == 42, reply.text)?;
    let reply = link
        .ask(r#"{"type":"no_such","id":7}"#)?
        .is("error", &["message", "id"])?;
    must(reply.keys["id"] == 7, reply.text)
}

fn sources(server: &Server) -> Checked {
    let mut link = selected(server)?;
    let reply = link
        .ask(r#"{"type":"question","question":"Какой график работы?","sources":true}"#)?
        .is("answer", &["message", "sources"])?;
    let listed = reply.keys["sources"].as_array().cloned().unwrap_or_default();
    let numbered = (1..).zip(&listed).all(|(number, source)| {
        source["n"] == number && source["document"].is_string() && source["quote"].is_string()
    });
    must(numbered, reply.text)
}

fn stream(server: &Server) -> Checked {
    let mut link = selected(server)?;
    link.say(r#"{"type":"question","question":"Какой график работы?","stream":true,"id":"s"}"#)?;
    let mut joined = String::new();
    let mut parts = 0;
    loop {
        let reply = link.reply()?;
        must(
            reply.keys.get("id").is_some_and(|id| id == "s"),
            reply.text.clone(),
        )?;
        if reply.kind() != "answer_delta" {
            let answer = reply.is("answer", &["message", "id"])?;
            return must(parts > 0 && answer.message() == joined, answer.text);
        }
        let part = reply.is("answer_delta", &["message", "id"])?;
        joined.push_str(part.message());
        parts += 1;
    }
}

fn no_parts(server: &Server) -> Checked {
    let mut link = selected(server)?;
    link.ask(r#"{"type":"question","question":"  ","stream":true}"#)?
        .is("error", &["message"])?;
    for wish in ["", r#","stream":false"#, r#","stream":null"#] {
        link.ask(&format!(
            r#"{{"type":"question","question":"Какой график работы?"{wish}}}"#
        ))?
        .is("answer", &["message"])?;
    }
    Ok(())
}

fn feedback(server: &Server) -> Checked {
    let mut link = server.target.open()?;
    for helpful in [true, false] {
        let reply = link
            .ask(&format!(
                r#"{{"type":"feedback","id":"f-1","helpful":{helpful}}}"#
            ))?
            .is("success", &["message", "id"])?;
        must(reply.keys["id"] == "f-1", reply.text)?;
    }
    link.ask(r#"{"type":"feedback","helpful":true}"#)?
        .is("error", &["message"])?
        .says(&["id"])?;
    link.ask(r#"{"type":"feedback","id":1}"#)?
        .is("error", &["message", "id"])?
        .says(&["helpful"])?;
    link.ask(r#"{"type":"feedback","id":1,"helpful":"very"}"#)?
        .is("error", &["message", "id"])?
        .says(&["helpful"])
        .map(drop)
}
