//! The server that operators run, with tiny models that quote and misquote.

#[path = "../../../../../tests/llm/server.rs"]
mod server;

use std::process::Command;

use server::{KEY, Server, start};

use super::{SELECT, ask, checked, holidays, leave, library, question};
use crate::{serve, talk};

fn settings(server: &Server) -> String {
    format!(
        "[[chat.server]]\nbase_url = \"{}\"\nmodel = \"tiny\"\napi_key = \"{KEY}\"\nfirst_token_time = \"1m\"\nidle_time = \"1m\"\n",
        server.url
    )
}

/// One thread of a busy machine computes.
const SLOW: &str = "[limits]\nanswer_time = \"3m\"\n[chat]\ndeadline = \"2m\"\nrewrite = false\npassages_chars = 1500\ntokens_an_hour_per_connection = \"off\"\n";

#[tokio::test]
async fn a_real_server_quotes_and_its_quotation_goes_out_as_it_stands_in_the_document() {
    let Some(llama) = start("copy.gguf", "chat", &[]) else {
        return;
    };
    let folder = library(&format!("{SLOW}{}", settings(&llama)), &leave());
    let (fine, told) = checked(folder.path());
    assert!(
        fine && told.contains("[chat] 127.0.0.1:")
            && told.contains("usable; took")
            && told.contains("written by the model"),
        "{told}"
    );
    let server = serve(folder.path());
    let answer = ask(&server, "Сколько длится ежегодный оплачиваемый отпуск?").await;
    assert_eq!(
        answer["message"],
        "Ежегодный оплачиваемый отпуск составляет 28 календарных дней. [1]\n\n[1] Об отпусках",
        "{answer}"
    );
}

#[tokio::test]
async fn no_misquotation_of_a_real_server_passes() {
    let Some(llama) = start("misquote.gguf", "chat", &[]) else {
        return;
    };
    // DOCENT_MISQUOTES=500 for the long run.
    let count: usize = std::env::var("DOCENT_MISQUOTES").map_or(5, |count| count.parse().unwrap());
    let files: Vec<(String, String)> = (0..count)
        .map(|at| {
            let number = 800 + at * 8;
            (format!("{at}.md"), format!("# Ведомость {number}\n\nПособие по ведомости {number} составляет {} рублей и выплачивается {} числа.\n", number * 8, at % 28 + 1))
        })
        .collect();
    let folder = library(&format!("{SLOW}{}", settings(&llama)), &files);
    let plain = library("", &files);
    let (server, plain) = (serve(folder.path()), serve(plain.path()));
    let messages: Vec<String> = [SELECT.to_owned()]
        .into_iter()
        .chain((0..count).map(|at| {
            question(&format!(
                "Сколько составляет пособие по ведомости {}?",
                800 + at * 8
            ))
        }))
        .collect();
    let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
    let (replies, quoted) = (talk(&server, &messages).await, talk(&plain, &messages).await);
    for (reply, quoted) in replies.iter().zip(&quoted) {
        assert_eq!(reply, quoted, "what the model misquoted goes out as it is quoted");
    }
}

#[tokio::test]
async fn a_real_server_compares_passages_and_what_it_puts_first_is_quoted() {
    let Some(llama) = start("rank.gguf", "rerank", &["--alias", "rank"]) else {
        return;
    };
    let server_of = format!(
        "[rerank]\ndeadline = \"1m\"\n[[rerank.server]]\nbase_url = \"{}\"\nmodel = \"rank\"\napi_key = \"{KEY}\"\n",
        llama.url
    );
    let folder = library(
        &format!("[limits]\nanswer_time = \"3m\"\n[chat]\ndeadline = \"2m\"\n{server_of}"),
        &holidays(),
    );
    let run = |arguments: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_docent"))
            .args(arguments)
            .output()
            .unwrap();
        let told = String::from_utf8(done.stdout).unwrap();
        assert!(done.status.success(), "{told}");
        told
    };
    let path = folder.path().to_str().unwrap();
    let told = run(&["models", "check", path]);
    assert!(
        told.contains("[rerank] 127.0.0.1:") && told.contains("usable; took"),
        "{told}"
    );
    let told = run(&["why", path, "Сколько дней отпуска?"]);
    assert!(
        told.contains("compared: the passages stand in the order of the model"),
        "{told}"
    );
    // The head of this model was never trained, so its order is another than that of words, and always the same.
    let (server, plain) = (serve(folder.path()), serve(library("", &holidays()).path()));
    let first = ask(&server, "Сколько дней отпуска?").await;
    assert_eq!(first["type"], "answer", "{first}");
    assert_ne!(
        first["sources"][0]["document"],
        ask(&plain, "Сколько дней отпуска?").await["sources"][0]["document"]
    );
}

#[tokio::test]
async fn vectors_of_a_real_server_find_what_shares_no_word_with_the_question() {
    let Some(llama) = start("minilm.gguf", "embed", &["--alias", "minilm"]) else {
        return;
    };
    let settings = format!(
        "[embeddings]\ndimensions = 384\n[[embeddings.server]]\nbase_url = \"{}\"\nmodel = \"minilm\"\napi_key = \"{KEY}\"\n",
        llama.url
    );
    let files: Vec<(String, String)> = [
        (
            "cars",
            "Vehicles are left behind the building, one for each employee.",
        ),
        ("salary", "Wages are transferred on the fifth of the month."),
        ("badges", "Badges are issued by security at the entrance."),
    ]
    .map(|(name, text)| (format!("{name}.md"), format!("# Rules\n\n{text}\n")))
    .to_vec();
    let folder = library(&settings, &files);
    let found = |question: &str| {
        let done = Command::new(env!("CARGO_BIN_EXE_docent"))
            .args(["why", folder.path().to_str().unwrap(), question, "--json"])
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let told: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        told["hits"][0]["document"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(found("where can I park my car"), "cars.md");
    assert_eq!(found("when do we get paid"), "salary.md");
    std::fs::write(folder.path().join("docent.toml"), settings.replace("384", "100")).unwrap();
    let (fine, told) = checked(folder.path());
    assert!(!fine && told.contains("set dimensions = 384"), "{told}");
}

#[tokio::test]
async fn random_words_of_a_real_server_cost_nobody_the_quoted_answer() {
    let Some(llama) = start("random.gguf", "chat", &[]) else {
        return;
    };
    let folder = library(&format!("{SLOW}{}", settings(&llama)), &leave());
    let plain = library("", &leave());
    let (server, plain) = (serve(folder.path()), serve(plain.path()));
    let question = "Сколько длится ежегодный оплачиваемый отпуск?";
    assert_eq!(ask(&server, question).await, ask(&plain, question).await);
}
