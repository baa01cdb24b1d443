//! The text of a document at the place that an answer quotes, as a page that needs no script.
//!
//! Owns the address of such a page ([`url`]) and the page itself. Leaves the text to the [`Engine`]: a document is looked up
//! by name among those that answer, so nothing is opened on disk and nothing else can be named.
//!
//! Invariants: whatever comes from a document is escaped; a page has one part of a document, whose size the index bounds.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use docent_corpus::{AssistantId, BlockKind, Excerpt, Language, Line, Passage, Place, Source};

use crate::{Engine, Shared};

/// Nothing runs, and nothing is loaded but the sheet of this server.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Quoted places that an address names: an answer quotes a handful of sentences, and addresses have a length that proxies bear.
const MAX_PLACES: usize = 16;

/// Returns where a document can be read, relative to the folder of the chat page.
pub(crate) fn place(assistant: AssistantId, document: &str) -> String {
    let mut url = format!("sources/{assistant}/");
    for byte in document.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                url.push(byte.into());
            }
            _ => {
                let _ = write!(url, "%{byte:02X}");
            }
        }
    }
    url
}

/// Returns where a source can be read, relative to the folder of the chat page.
pub(crate) fn url(assistant: AssistantId, source: &Source) -> String {
    let mut url = place(assistant, &source.document);
    let _ = write!(url, "?version={}", source.version);
    for (nth, quote) in source.quotes.iter().take(MAX_PLACES).enumerate() {
        let parted = if nth == 0 { "&at=" } else { "," };
        let _ = write!(url, "{parted}{}-{}", quote.range.start, quote.range.end);
    }
    url.push_str("#quote");
    url
}

/// What an address asks for beside the document.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    /// Hash of the document that was quoted.
    version: Option<String>,
    /// The quoted places, in order.
    places: Vec<Range<usize>>,
    /// Number of the part, from 1.
    part: Option<usize>,
    /// The language of the words around the text.
    language: Option<Language>,
}

impl Wanted {
    /// Reads a query; what has no meaning is passed over.
    fn read(query: &str) -> Self {
        let mut wanted = Self::default();
        for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match key {
                "version" => wanted.version = Some(value.to_owned()),
                "at" => {
                    let place = |one: &str| {
                        let (start, end) = one.split_once('-')?;
                        Some(start.parse().ok()?..end.parse().ok()?)
                    };
                    // Some clients write the comma as a number.
                    let value = value.replace("%2C", ",");
                    let places = value.split(',').filter_map(place).filter(|one| !one.is_empty());
                    wanted.places = places.take(MAX_PLACES).collect();
                    wanted.places.sort_by_key(|one| (one.start, one.end));
                }
                "part" => wanted.part = value.parse().ok().filter(|&part| part > 0),
                "lang" => wanted.language = value.parse().ok(),
                _ => {}
            }
        }
        wanted
    }

    /// Returns the part of the document that is wanted: the quoted one unless another is named.
    fn place(&self) -> Place {
        match (self.part, self.places.first()) {
            (Some(part), _) => Place::Part(part - 1),
            (None, Some(place)) => Place::Byte(place.start),
            (None, None) => Place::Part(0),
        }
    }
}

/// The words around a text.
struct Words {
    page: fn(u32) -> String,
    part: fn(usize, usize) -> String,
    quote: &'static str,
    changed: &'static str,
    whence: &'static str,
    parts: &'static str,
    gone: &'static str,
    gone_text: &'static str,
    busy: &'static str,
}

const RUSSIAN: Words = Words {
    page: |page| format!("Страница {page}"),
    part: |part, all| format!("Часть {part} из {all}"),
    quote: "К цитате",
    changed: "Документ изменился после этого ответа: показан нынешний текст, место цитаты в нём не отмечено.",
    whence: "Текст извлечён из файла; оформление и рисунки не показаны.",
    parts: "Части документа",
    gone: "Такого документа здесь нет",
    gone_text: "Возможно, его удалили или переименовали после ответа. Задайте вопрос ещё раз: ответ будет дан по документам, которые есть сейчас.",
    busy: "Документ сейчас не открывается. Попробуйте через несколько секунд.",
};

const KAZAKH: Words = Words {
    page: |page| format!("{page}-бет"),
    part: |part, all| format!("{all} бөліктің {part}-бөлігі"),
    quote: "Дәйексөзге өту",
    changed: "Құжат бұл жауаптан кейін өзгерген: қазіргі мәтін көрсетілген, дәйексөздің орны белгіленбеген.",
    whence: "Мәтін файлдан алынған; безендіру мен суреттер көрсетілмейді.",
    parts: "Құжаттың бөліктері",
    gone: "Мұндай құжат жоқ",
    gone_text: "Мүмкін, ол жауаптан кейін жойылған немесе атауы өзгертілген. Сұрақты қайта қойыңыз: жауап қазіргі құжаттар бойынша беріледі.",
    busy: "Құжат қазір ашылмай тұр. Бірнеше секундтан кейін қайталап көріңіз.",
};

const ENGLISH: Words = Words {
    page: |page| format!("Page {page}"),
    part: |part, all| format!("Part {part} of {all}"),
    quote: "Go to the quote",
    changed: "The document has changed since this answer: its present text is shown, and the quoted place is not marked.",
    whence: "The text was taken from the file; layout and pictures are not shown.",
    parts: "Parts of the document",
    gone: "There is no such document here",
    gone_text: "It may have been deleted or renamed since the answer. Ask again: the answer will come from the documents that are here now.",
    busy: "The document cannot be opened at the moment. Try again in a few seconds.",
};

impl Words {
    fn of(language: Language) -> &'static Self {
        match language {
            Language::Russian => &RUSSIAN,
            Language::Kazakh => &KAZAKH,
            Language::English => &ENGLISH,
        }
    }
}

/// The routes of the documents' text.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/sources/{assistant}/{*document}", get(page))
        .route("/sources.css", get(crate::page::sources_style))
}

/// Serves the page of a document.
async fn page(
    State(shared): State<Arc<Shared>>,
    path: Result<Path<(String, String)>, PathRejection>,
    uri: Uri,
) -> Response {
    let wanted = Wanted::read(uri.query().unwrap_or_default());
    let language = wanted.language.unwrap_or(shared.settings.locale);
    let frame = Frame {
        language,
        words: Words::of(language),
        // As the browser counts: the sheet is where the chat page is, whatever the prefix.
        up: "../".repeat(uri.path().matches('/').count().saturating_sub(1)),
    };
    let named = path.ok().and_then(|Path((assistant, name))| {
        let assistant = assistant.parse().ok().map(AssistantId)?;
        shared.settings.sources.then_some((assistant, name))
    });
    let Some((assistant, name)) = named else {
        return frame.gone();
    };
    // Those who wait hold a socket each, of which there are so many; they wait no longer than for an answer.
    let place = shared.readers.clone().acquire_owned();
    let Ok(Ok(place)) = tokio::time::timeout(shared.settings.answer_deadline, place).await else {
        return frame.busy();
    };
    let engine = shared.engine.clone();
    let own = frame.clone();
    let made = tokio::task::spawn_blocking(move || {
        let _place = place;
        made(engine.as_ref(), assistant, &name, &wanted, &own)
    });
    match made.await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "a document could not be shown");
            frame.busy()
        }
    }
}

fn made(engine: &dyn Engine, assistant: AssistantId, name: &str, wanted: &Wanted, frame: &Frame) -> Response {
    match engine.document(assistant, name, wanted.place()) {
        Ok(None) => frame.gone(),
        Ok(Some(excerpt)) => frame.document(&excerpt, wanted),
        Err(error) => {
            tracing::error!(%error, "a document could not be read from the index");
            frame.busy()
        }
    }
}

/// What all these pages have.
#[derive(Clone)]
struct Frame {
    language: Language,
    words: &'static Words,
    /// The way from the page to the folder of the chat page.
    up: String,
}

impl Frame {
    fn response(&self, status: StatusCode, title: &str, body: &str) -> Response {
        let (language, up) = (self.language.code(), &self.up);
        let mut title_text = String::new();
        escape(title, &mut title_text);
        let page = format!(
            "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n\
             <title>{title_text}</title>\n<link rel=\"stylesheet\" href=\"{up}sources.css\">\n</head>\n<body>\n{body}</body>\n</html>\n"
        );
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CACHE_CONTROL, "no-cache"),
        ];
        (status, headers, page).into_response()
    }

    fn told(&self, status: StatusCode, title: &str, text: &str) -> Response {
        let body = format!("<main>\n<h1>{title}</h1>\n<p>{text}</p>\n</main>\n");
        self.response(status, title, &body)
    }

    fn gone(&self) -> Response {
        self.told(StatusCode::NOT_FOUND, self.words.gone, self.words.gone_text)
    }

    fn busy(&self) -> Response {
        let mut response = self.told(StatusCode::SERVICE_UNAVAILABLE, self.words.busy, "");
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, header::HeaderValue::from_static("5"));
        response
    }

    fn document(&self, excerpt: &Excerpt, wanted: &Wanted) -> Response {
        let words = self.words;
        let Some(first) = excerpt.passages.first() else {
            return self.gone();
        };
        let changed = wanted
            .version
            .as_ref()
            .is_some_and(|version| *version != first.version.to_string());
        let places: &[Range<usize>] = if changed { &[] } else { &wanted.places };
        let mut body = Body::new(words, places);
        body.passages(&excerpt.passages);
        let Body {
            html: text, marks, ..
        } = body;

        let mut html = String::from("<header>\n<h1>");
        escape(&first.title, &mut html);
        html.push_str("</h1>\n<p class=\"file\">");
        escape(&first.document, &mut html);
        let _ = write!(html, "</p>\n<p class=\"whence\">{}</p>\n", words.whence);
        if changed {
            let _ = writeln!(html, "<p class=\"changed\" role=\"note\">{}</p>", words.changed);
        }
        if marks > 0 {
            let _ = writeln!(html, "<p><a href=\"#quote\">{}</a></p>", words.quote);
        }
        html.push_str("</header>\n");
        let ways = self.ways(excerpt.part, excerpt.parts);
        html.push_str(&ways);
        html.push_str("<main>\n");
        html.push_str(&text);
        html.push_str("</main>\n");
        html.push_str(&ways);
        self.response(StatusCode::OK, &first.title, &html)
    }

    /// Returns links to the parts of a long document.
    fn ways(&self, part: usize, all: usize) -> String {
        let mut html = String::new();
        if all < 2 {
            return html;
        }
        let _ = writeln!(html, "<nav aria-label=\"{}\">", self.words.parts);
        let language = self.language.code();
        for other in [part.checked_sub(1), Some(part), part.checked_add(1)]
            .into_iter()
            .flatten()
        {
            let told = (self.words.part)(other + 1, all);
            if other == part {
                let _ = writeln!(html, "<span aria-current=\"page\">{told}</span>");
            } else if other < all {
                let _ = writeln!(
                    html,
                    "<a href=\"?part={}&amp;lang={language}\">{told}</a>",
                    other + 1
                );
            }
        }
        html.push_str("</nav>\n");
        html
    }
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            // A document cannot break out of its element by what HTML reads as another letter.
            '\0' => html.push('\u{fffd}'),
            c => html.push(c),
        }
    }
}

/// The text while it is written.
struct Body<'a> {
    html: String,
    words: &'static Words,
    places: &'a [Range<usize>],
    /// Marks written so far.
    marks: usize,
    page: Option<u32>,
    /// The table that is open.
    table: Option<u32>,
}

impl<'a> Body<'a> {
    fn new(words: &'static Words, places: &'a [Range<usize>]) -> Self {
        Self {
            html: String::new(),
            words,
            places,
            marks: 0,
            page: None,
            table: None,
        }
    }

    fn passages(&mut self, passages: &[Passage]) {
        let mut headings: &[Arc<str>] = &[];
        for passage in passages {
            let same = headings
                .iter()
                .zip(&passage.headings)
                .take_while(|(one, other)| one == other);
            let mut shown = same.count();
            let own = passage
                .lines
                .first()
                .is_some_and(|line| matches!(line.kind, BlockKind::Heading { .. }));
            // A heading that can be quoted stands among the lines.
            let above = passage.headings.len() - usize::from(own && !passage.headings.is_empty());
            while shown < above {
                self.close_table();
                let level = level(shown);
                let _ = write!(self.html, "<h{level}>");
                escape(&passage.headings[shown], &mut self.html);
                let _ = writeln!(self.html, "</h{level}>");
                shown += 1;
            }
            headings = &passage.headings;
            for line in &passage.lines {
                self.line(line, above);
            }
        }
        self.close_table();
    }

    fn line(&mut self, line: &Line, depth: usize) {
        if line.page.is_some() && line.page != self.page {
            self.close_table();
            self.page = line.page;
            let told = (self.words.page)(line.page.unwrap_or_default());
            let _ = writeln!(self.html, "<p class=\"page\">{told}</p>");
        }
        let table = match line.kind {
            BlockKind::TableHeader { table } | BlockKind::TableRow { table } => Some(table),
            _ => None,
        };
        if table != self.table {
            self.close_table();
            if table.is_some() {
                self.html.push_str("<div class=\"wide\" tabindex=\"0\"><table>\n");
                self.table = table;
            }
        }
        let (open, close): (String, &str) = match line.kind {
            BlockKind::TableHeader { .. } => return self.row(line, "th"),
            BlockKind::TableRow { .. } => return self.row(line, "td"),
            BlockKind::Heading { .. } => match level(depth) {
                2 => ("<h2>".to_owned(), "</h2>"),
                3 => ("<h3>".to_owned(), "</h3>"),
                4 => ("<h4>".to_owned(), "</h4>"),
                5 => ("<h5>".to_owned(), "</h5>"),
                _ => ("<h6>".to_owned(), "</h6>"),
            },
            BlockKind::Paragraph => ("<p>".to_owned(), "</p>"),
            // Deeper items have no room on a telephone.
            BlockKind::ListItem { depth } => (format!("<p class=\"item deep{}\">", depth.min(3)), "</p>"),
            BlockKind::Caption => ("<p class=\"caption\">".to_owned(), "</p>"),
            BlockKind::Footnote | BlockKind::Remark => ("<p class=\"small\">".to_owned(), "</p>"),
        };
        self.html.push_str(&open);
        self.words_of(&line.text, line.range.start);
        self.html.push_str(close);
        self.html.push('\n');
    }

    fn row(&mut self, line: &Line, cell: &str) {
        self.html.push_str("<tr>");
        let mut start = line.range.start;
        for text in line.text.split(" | ") {
            let scope = if cell == "th" { " scope=\"col\"" } else { "" };
            let _ = write!(self.html, "<{cell}{scope}>");
            self.words_of(text, start);
            let _ = write!(self.html, "</{cell}>");
            start += text.len() + " | ".len();
        }
        self.html.push_str("</tr>\n");
    }

    fn close_table(&mut self) {
        if self.table.take().is_some() {
            self.html.push_str("</table></div>\n");
        }
    }

    /// Writes words that stand at `start`, what is quoted of them marked.
    fn words_of(&mut self, text: &str, start: usize) {
        let mut done = 0;
        for place in self.places {
            // Numbers come from whoever wrote the address: they may lie anywhere.
            let from = text
                .floor_char_boundary(place.start.saturating_sub(start))
                .max(done);
            let to = text.floor_char_boundary(place.end.saturating_sub(start));
            if to <= from {
                continue;
            }
            escape(&text[done..from], &mut self.html);
            self.html.push_str(if self.marks == 0 {
                "<mark id=\"quote\">"
            } else {
                "<mark>"
            });
            escape(&text[from..to], &mut self.html);
            self.html.push_str("</mark>");
            self.marks += 1;
            done = to;
        }
        escape(&text[done..], &mut self.html);
    }
}

/// Returns the level of a heading below `depth` others; the title has the first.
fn level(depth: usize) -> usize {
    (depth + 2).min(6)
}

#[cfg(test)]
#[path = "sources_tests.rs"]
mod tests;
