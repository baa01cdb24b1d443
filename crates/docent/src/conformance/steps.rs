//! What many checks do on their way: select, ask, send faults and see that the connection lives on.

use docent_corpus::Language;
use serde_json::json;

use super::Server;
use super::link::{Link, Target};

/// Nothing, or what was received instead of what was expected.
pub(super) type Checked = Result<(), String>;

/// The message that asks for the assistants.
pub(super) const LIST: &str = r#"{"type":"get_assistants"}"#;

/// Fails with what was received where something does not hold.
pub(super) fn must(holds: bool, received: impl Into<String>) -> Checked {
    if holds { Ok(()) } else { Err(received.into()) }
}

/// Returns number and name of the first assistant on the list.
pub(super) fn first_assistant(target: &Target) -> Result<(i64, String), String> {
    let reply = target.open()?.ask(LIST)?;
    let first = reply.keys.get("assistants").and_then(|list| list.get(0));
    let number = first.and_then(|one| one.get("id")?.as_i64());
    let name = first.and_then(|one| one.get("name")?.as_str().map(ToOwned::to_owned));
    number.zip(name).ok_or(reply.text)
}

/// The message that selects the server's assistant.
pub(super) fn choice(server: &Server) -> String {
    format!(
        r#"{{"type":"select_assistant","assistant_id":{}}}"#,
        server.assistant
    )
}

/// Opens a connection with the assistant selected.
pub(super) fn selected(server: &Server) -> Result<Link, String> {
    let mut link = server.target.open()?;
    link.ask(&choice(server))?.is("success", &["message"])?;
    Ok(link)
}

/// The message that asks a question.
pub(super) fn asked(question: &str) -> String {
    json!({"type": "question", "question": question}).to_string()
}

/// Checks a published text where the server speaks Russian.
pub(super) fn published(server: &Server, text: &'static str) -> &'static [&'static str] {
    // In other languages the text is the server's own.
    match (server.locale, text) {
        (Language::Russian, "Ассистент не найден") => &["Ассистент не найден"],
        (Language::Russian, "Ассистент не выбран") => &["Ассистент не выбран"],
        (Language::Russian, "Пустой вопрос") => &["Пустой вопрос"],
        _ => &[],
    }
}

/// Sends each message, which must give an error, and then a good one, which must be served.
pub(super) fn faults<T: AsRef<str>>(link: &mut Link, messages: &[T], parts: &[&str]) -> Checked {
    for message in messages {
        let message = message.as_ref();
        let shown: String = message.chars().take(60).collect();
        let reply = link
            .ask(message)
            .map_err(|received| format!("to {shown}: {received}"))?;
        let checked = reply
            .is("error", &["message"])
            .and_then(|reply| reply.says(parts));
        checked.map_err(|received| format!("to {shown}: {received}"))?;
        let after = link
            .ask(LIST)
            .and_then(|reply| reply.is("assistant_list", &["assistants"]));
        after.map_err(|received| format!("after {shown}: {received}"))?;
    }
    Ok(())
}
