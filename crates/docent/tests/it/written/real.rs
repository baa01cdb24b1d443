//! The server that operators run, with tiny models that quote and misquote.

#[path = "../../../../../tests/llm/server.rs"]
mod server;

use std::process::Command;

use server::{KEY, Server, start};

use super::{SELECT, ask, leave, library, question};
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
    let checked = Command::new(env!("CARGO_BIN_EXE_docent"))
        .args(["models", "check"])
        .arg(folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8(checked.stdout).unwrap();
    assert!(
        checked.status.success() && told.contains("[chat] 127.0.0.1:") && told.contains("usable; took"),
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
