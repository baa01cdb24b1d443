//! The text of a document at the quoted place, and the questions to begin with.

use std::io::{Read, Write};
use std::path::Path;

use serde_json::Value;

use crate::{Server, library, serve, server, talk};

/// Returns the status and the body of a page.
fn get(server: &Server, path: &str) -> (u16, String) {
    let reply = fetched(server, path, "");
    let status = reply.split(' ').nth(1).unwrap().parse().unwrap();
    (status, reply.split_once("\r\n\r\n").unwrap().1.to_owned())
}

/// Returns all of a reply to a request with further headers.
fn fetched(server: &Server, path: &str, headers: &str) -> String {
    let mut socket = std::net::TcpStream::connect(&server.address).unwrap();
    write!(
        socket,
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"
    )
    .unwrap();
    let mut reply = String::new();
    socket.read_to_string(&mut reply).unwrap();
    reply
}

/// Asks with sources and returns the answer.
async fn asked(server: &Server, assistant: i64, question: &str) -> Value {
    let select = format!(r#"{{"type":"select_assistant","assistant_id":{assistant}}}"#);
    let question = serde_json::json!({"type": "question", "question": question, "sources": true}).to_string();
    let replies = talk(server, &[&select, &question]).await;
    serde_json::from_str(&replies[1]).unwrap()
}

/// Returns what a page marks, marks that follow one another joined.
fn marked(page: &str) -> String {
    page.split("<mark")
        .skip(1)
        .map(|rest| rest.split_once('>').unwrap().1.split_once("</mark>").unwrap().0)
        .collect()
}

/// Leaves letters and digits.
fn bare(text: &str) -> String {
    let plain = text
        .replace("&quot;", "")
        .replace("&#39;", "")
        .replace("&amp;", "");
    plain.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[tokio::test]
async fn what_an_answer_quotes_is_marked_in_its_source() {
    let server = server();
    let mut shown = 0;
    for line in std::fs::read_to_string(library().join("../questions.jsonl"))
        .unwrap()
        .lines()
    {
        let asks: Value = serde_json::from_str(line).unwrap();
        let Some(assistant) = asks["assistant"]
            .as_i64()
            .or_else(|| asks["assistant_id"].as_i64())
        else {
            continue;
        };
        let answer = asked(&server, assistant, asks["question"].as_str().unwrap()).await;
        for source in answer["sources"].as_array().unwrap() {
            let url = source["url"].as_str().unwrap();
            assert!(url.starts_with(&format!("sources/{assistant}/")), "{url}");
            let (status, page) = get(&server, &format!("/{}", url.strip_suffix("#quote").unwrap()));
            assert_eq!(status, 200, "{url}");
            assert_eq!(
                bare(&marked(&page)),
                bare(source["quote"].as_str().unwrap()),
                "{url}"
            );
            shown += 1;
        }
    }
    assert!(shown > 50, "only {shown} sources were shown");
}

#[tokio::test]
async fn whoever_does_not_ask_for_sources_sees_nothing_of_them() {
    let replies = talk(
        &server(),
        &[
            r#"{"type":"select_assistant","assistant_id":3}"#,
            r#"{"type":"question","question":"Сколько дней отпуска?"}"#,
        ],
    )
    .await;
    let answer: Value = serde_json::from_str(&replies[1]).unwrap();
    let mut keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["message", "type"]);
    assert!(!replies[1].contains("sources/"), "{}", replies[1]);
}

#[test]
fn no_address_leads_out_of_the_documents_of_an_assistant() {
    let server = server();
    assert_eq!(get(&server, "/sources/1/faq.md").0, 200);
    for path in [
        "/sources/2/faq.md",
        "/sources/1/assistant.toml",
        "/sources/1/..%2fstaff%2fassistant.toml",
        "/sources/1/../staff/assistant.toml",
        "/sources/1/%2fetc%2fpasswd",
        "/sources/1/faq.md%00",
        "/sources/1/%ff",
        "/sources/x/faq.md",
        "/sources/1/",
        "/sources/",
    ] {
        let (status, page) = get(&server, path);
        assert_eq!(status, 404, "{path}");
        assert!(
            !page.contains("root:") && !page.contains("name ="),
            "{path}: {page}"
        );
    }
}

#[tokio::test]
async fn an_operator_may_switch_the_sources_off() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("docent.toml", "sources = \"off\"\n");
    write("a.txt", "Пропуск выдаёт охрана в первый рабочий день.\n");
    let server = serve(folder.path());
    let answer = asked(&server, 1, "Кто выдаёт пропуск?").await;
    assert_eq!(answer["sources"][0]["url"], Value::Null);
    assert!(answer["sources"][0]["quote"].as_str().unwrap().contains("охрана"));
    assert_eq!(get(&server, "/sources/1/a.txt").0, 404);
}

#[test]
fn the_sample_library_suggests_questions_that_it_answers() {
    let (status, body) = get(&server(), "/assistants.json");
    assert_eq!(status, 200);
    let served: Value = serde_json::from_str(&body).unwrap();
    let assistants = served["assistants"].as_array().unwrap();
    assert_eq!(assistants.len(), 4);
    for one in assistants {
        let written = docent_ingest::scan(Path::new(&library()), None)
            .unwrap()
            .assistants
            .into_iter()
            .find(|home| home.assistant.id.0 == one["id"])
            .unwrap();
        let suggested = serde_json::json!(written.assistant.suggestions);
        assert_eq!(one["suggestions"], suggested, "one is not answered");
        assert!(written.assistant.suggestions.len() >= 3);
    }
}

#[test]
fn sites_that_may_connect_may_read_the_list_and_show_the_page_in_a_frame_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("a.txt", "Пропуск выдаёт охрана.\n");
    let open = serve(folder.path());
    assert!(fetched(&open, "/", "").contains("frame-ancestors 'none'\r\n"));
    let all = "access-control-allow-origin: *\r\n";
    let list =
        |server: &Server, origin: &str| fetched(server, "/assistants.json", &format!("Origin: {origin}\r\n"));
    assert!(list(&open, "https://b.example").contains(all));
    write("docent.toml", "origins = [\"https://a.example\"]\n");
    let listed = serve(folder.path());
    assert!(fetched(&listed, "/", "").contains("frame-ancestors https://a.example\r\n"));
    assert!(list(&listed, "https://a.example").contains(all));
    assert!(!list(&listed, "https://b.example").contains(all));
    assert!(fetched(&listed, "/sources/1/a.txt", "").contains("frame-ancestors 'none'\r\n"));
}
