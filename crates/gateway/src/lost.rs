//! What somebody reads who asked for an address that is not here, in three languages.
//!
//! Says what there is instead. Names nothing of the library, and answers the same whether the desk is switched off or elsewhere.

use std::fmt::Write as _;

use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use docent_corpus::Language;

/// Nothing may be loaded, nothing may run.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn said(language: Language, desk: bool) -> [&'static str; 2] {
    match (language, desk) {
        (Language::Russian, false) => [
            "Такой страницы здесь нет.",
            "Здесь есть: чат с документами (/), описание протокола (/docs) и сам протокол (/ws/assistant).",
        ],
        (Language::Kazakh, false) => [
            "Мұнда ондай бет жоқ.",
            "Мұнда бар: құжаттармен чат (/), хаттама сипаттамасы (/docs) және хаттаманың өзі (/ws/assistant).",
        ],
        (Language::English, false) => [
            "There is no such page here.",
            "There are: the chat with the documents (/), the protocol explained (/docs), and the protocol itself (/ws/assistant).",
        ],
        (Language::Russian, true) => [
            "Рабочий стол хранителя документов по этому адресу не включён.",
            "Его включают в docent.toml библиотеки: [desk] с token_file, или at = \"admin\" и служебный адрес admin. Чат с документами: /.",
        ],
        (Language::Kazakh, true) => [
            "Құжат сақтаушының жұмыс үстелі бұл мекенжайда қосылмаған.",
            "Ол кітапхананың docent.toml файлында қосылады: token_file бар [desk], немесе at = \"admin\" пен admin қызметтік мекенжайы. Құжаттармен чат: /.",
        ],
        (Language::English, true) => [
            "The keeper's desk is not switched on at this address.",
            "It is switched on in the library's docent.toml: [desk] with a token_file, or at = \"admin\" with the admin address. The chat with the documents: /.",
        ],
    }
}

/// Answers whatever has no place.
pub(crate) async fn lost(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    let desk = path == "/desk" || path.starts_with("/desk/");
    let accepts = headers
        .get(header::ACCEPT)
        .and_then(|accepts| accepts.to_str().ok());
    let (kind, text) = if accepts.is_some_and(|accepts| accepts.contains("text/html")) {
        let mut page = String::from(
            "<!doctype html>\n<html lang=\"ru\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\"><title>404 · docent</title></head><body><main>",
        );
        for (nth, language) in Language::ALL.into_iter().enumerate() {
            let [what, instead] = said(language, desk);
            let tag = if nth == 0 { "h1" } else { "h2" };
            let code = language.code();
            // Writing into a text cannot fail.
            let _ = write!(
                page,
                "<section lang=\"{code}\"><{tag}>{what}</{tag}><p>{instead}</p></section>"
            );
        }
        page.push_str("</main></body></html>\n");
        ("text/html; charset=utf-8", page)
    } else {
        let told = Language::ALL.map(|language| said(language, desk).join(" "));
        ("text/plain; charset=utf-8", told.join("\n") + "\n")
    };
    let own = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (StatusCode::NOT_FOUND, own, text).into_response()
}
