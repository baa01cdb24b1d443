//! HTML: web pages, saved pages and the law texts of official portals, parsed by `html5ever` through `scraper`.
//!
//! Owns: what is seen and what is not (scripts, styles, hidden text), what only surrounds the main part, blocks, tables, and
//! which text is raised or bold by a class of the page's own style sheet. The walk is iterative: nesting costs no stack.

mod css;
mod table;

use std::collections::HashSet;

use docent_corpus::{Format, Unreadable, UnreadableCode};
use ego_tree::iter::Edge;
use html5ever::driver::{self, ParseOpts};
use html5ever::tendril::TendrilSink;
use scraper::node::Element;
use scraper::{ElementRef, Html, HtmlTreeSink, Node};

use super::draft::{Draft, Para, Paras, Repeats, Role, push_raised};
use super::hidden::Hidden;
use super::refuse;
use css::Sheet;
use table::Table;

/// A page's main part is believed to be one when it holds this share of the page's text, in percent: what is left out around
/// it may be asked for too, so the case has to be clear.
const MAIN_SHARE_PERCENT: usize = 60;

/// Tells whether no style sheet gives a ground to something, so that white letters are seen by nobody unless an element around
/// them has one. A sheet that is fetched may give any.
fn is_on_paper(text: &str, styles: &str) -> bool {
    let styles = styles.to_ascii_lowercase();
    let grounds = styles.split("background").skip(1);
    let values = grounds.map(|rest| rest.split([';', '}']).next().unwrap_or(""));
    let given = values.filter(|value| !["transparent", "none"].iter().any(|none| value.contains(none)));
    let fetched = styles.contains("@import") || text.to_ascii_lowercase().contains("stylesheet");
    !fetched && given.count() == 0
}

/// Tells whether an element has a ground of its own.
fn has_ground(element: &Element) -> bool {
    let style = element.attr("style").unwrap_or("").to_ascii_lowercase();
    style.contains("background") || element.attr("bgcolor").is_some() || element.attr("background").is_some()
}

/// Reads HTML that is already UTF-8.
///
/// # Errors
///
/// When the page has too many elements.
pub(super) fn read(text: &str) -> Result<Draft, Unreadable> {
    let html = parse(text).ok_or_else(|| {
        refuse(
            UnreadableCode::TooBig,
            "the page has over three million elements, a thousand inside one another, or a tag without end; save its text as a new document",
        )
    })?;
    let mut draft = Draft::new(Format::Html);
    let mut styles = String::new();
    let mut layout = HashSet::new();
    let mut open_tables = Vec::new();
    // Headers that hold the page's main heading are the document's own; the open ones, innermost last.
    let mut titled = HashSet::new();
    let mut open_headers = Vec::new();
    let mut main = None;
    let mut frameless = None;
    for edge in html.root_element().traverse() {
        match edge {
            Edge::Open(node) => {
                let Node::Element(element) = node.value() else {
                    continue;
                };
                match element.name() {
                    "style" => {
                        styles.extend(ElementRef::wrap(node).into_iter().flat_map(|style| style.text()));
                    }
                    "title" if draft.title.is_none() => {
                        draft.title = ElementRef::wrap(node).map(|title| title.text().collect());
                    }
                    "meta" => meta(&mut draft, element),
                    "table" => {
                        // A table around a table places things on the page; it is no table of facts.
                        layout.extend(open_tables.last().copied());
                        open_tables.push(node.id());
                    }
                    "header" => open_headers.push(node.id()),
                    name @ ("h1" | "h2" | "h3" | "h4" | "h5" | "h6") => {
                        layout.extend(open_tables.last().copied());
                        if name == "h1" {
                            titled.extend(open_headers.drain(..));
                        }
                    }
                    "noframes" => {
                        frameless = ElementRef::wrap(node).map(|inner| inner.text().collect::<String>());
                    }
                    "main" | "article" if main.is_none() => main = ElementRef::wrap(node),
                    _ => {}
                }
            }
            Edge::Close(node) => {
                for open in [&mut open_tables, &mut open_headers] {
                    if open.last() == Some(&node.id()) {
                        open.pop();
                    }
                }
            }
        }
    }
    let main =
        main.filter(|main| words_of(*main) * 100 >= words_of(html.root_element()) * MAIN_SHARE_PERCENT);
    let mut walker = Walker {
        sheet: Sheet::parse(&styles),
        layout,
        titled,
        whole_page: main.is_none(),
        on_paper: is_on_paper(text, &styles),
        ..Walker::default()
    };
    walker.walk(main.unwrap_or_else(|| html.root_element()));
    draft.paras = std::mem::take(&mut walker.paras);
    if let Some(main) = main {
        draft.paras.extend(walker.around(&html, main));
    }
    // A page of frames says in here what it says to programs without them. Within it the parser finds no further ones.
    if draft.paras.last().is_none()
        && let Some(inner) = frameless.filter(|inner| inner.contains('<') && !inner.contains("<noframes"))
    {
        let title = draft.title.take();
        draft = read(&inner)?;
        draft.title = draft.title.or(title);
        return Ok(draft);
    }
    draft.hidden = walker.hidden;
    Ok(draft)
}

/// Returns how many bytes of words stand in an element; scripts and styles have none.
fn words_of(root: ElementRef<'_>) -> usize {
    let spoken = |name: &str| !matches!(name, "script" | "style" | "noscript" | "template" | "title");
    root.descendants()
        .filter_map(|node| match node.value() {
            Node::Text(words) => Some((node.parent()?, words.trim().len())),
            _ => None,
        })
        .filter(|(parent, _)| {
            parent
                .value()
                .as_element()
                .is_none_or(|element| spoken(element.name()))
        })
        .map(|(_, bytes)| bytes)
        .sum()
}

/// Tells whether at least half of the words of an element are links.
fn is_mostly_links(element: ElementRef<'_>) -> bool {
    let (mut all, mut linked, mut open) = (0, 0, 0_usize);
    let is_link = |node: &Node| node.as_element().is_some_and(|element| element.name() == "a");
    for edge in element.traverse() {
        match edge {
            Edge::Open(node) => {
                open += usize::from(is_link(node.value()));
                if let Node::Text(words) = node.value() {
                    let bytes = words.trim().len();
                    all += bytes;
                    linked += if open > 0 { bytes } else { 0 };
                }
            }
            Edge::Close(node) => open -= usize::from(is_link(node.value())),
        }
    }
    linked * 2 >= all
}

/// Tells whether a tag has more attributes than anybody writes: the parser compares each with all before it.
fn has_endless_tag(text: &str) -> bool {
    /// A picture inside a page has some dozen.
    const MAX_ATTRIBUTES: usize = 20_000;
    let bytes = text.as_bytes();
    // Spaces of the tag now open outside of quotes, and the quote now open: the outline of a drawing has many.
    let (mut spaces, mut quote) = (None, None);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if quote.is_some() => quote = quote.filter(|open| *open != byte),
            b'<' if bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic) => spaces = Some(0),
            b'>' => spaces = None,
            b'"' | b'\'' if spaces.is_some() && bytes[..at].ends_with(b"=") => quote = Some(byte),
            b' ' | b'\n' | b'\t' => {
                spaces = spaces.map(|spaces| spaces + 1);
                if spaces > Some(MAX_ATTRIBUTES) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// Parses a page, or returns nothing when it has more elements than a document.
///
/// A few kilobytes of badly nested tags can make the parser repeat them without end, so it is fed in small portions.
fn parse(text: &str) -> Option<Html> {
    /// The largest code of law has some hundred thousand.
    const MAX_NODES: usize = 3_000_000;
    /// Browsers stop at 512; the parser goes over all open elements for each new one.
    const MAX_DEPTH: usize = 1_000;
    /// What may be parsed between two looks at the count.
    const PORTION_BYTES: usize = 1024;
    if has_endless_tag(text) {
        return None;
    }
    let mut parser = driver::parse_document(HtmlTreeSink::new(Html::new_document()), ParseOpts::default());
    let mut rest = text;
    while !rest.is_empty() {
        let (portion, left) = rest.split_at(rest.floor_char_boundary(PORTION_BYTES));
        parser.process(portion.into());
        let html = parser.tokenizer.sink.sink.0.borrow();
        let nodes = html.tree.nodes();
        let depth = html
            .tree
            .nodes()
            .next_back()
            .map_or(0, |last| last.ancestors().count());
        if nodes.len() > MAX_NODES || depth > MAX_DEPTH {
            return None;
        }
        drop(html);
        rest = left;
    }
    Some(parser.finish())
}

fn meta(draft: &mut Draft, element: &Element) {
    let name = element.attr("name").or_else(|| element.attr("property"));
    let (Some(name), Some(content)) = (name, element.attr("content")) else {
        return;
    };
    match name.to_ascii_lowercase().as_str() {
        "author" | "article:author" => draft.author = Some(content.to_owned()),
        "date" | "dc.date" | "dcterms.created" | "article:published_time" => {
            draft.date = Some(content.to_owned());
        }
        _ => {}
    }
}

#[allow(clippy::struct_excessive_bools, reason = "each is inherited by itself")]
/// What an open element changes for what is inside it.
#[derive(Debug, Clone, Copy, Default)]
struct Frame {
    bold: bool,
    centred: bool,
    raised: bool,
    preformatted: bool,
    heading: Option<u8>,
    caption: bool,
    footnote: bool,
    block: bool,
    /// Within what is said of a term.
    described: bool,
    /// Within the line that stays when the rest is folded away.
    folding: bool,
}

#[derive(Default)]
struct Walker {
    sheet: Sheet,
    layout: HashSet<ego_tree::NodeId>,
    titled: HashSet<ego_tree::NodeId>,
    repeats: Repeats,
    whole_page: bool,
    paras: Paras,
    buffer: String,
    /// Raised text waiting for its end.
    raised: String,
    /// Bytes of the buffer that are not bold; white space does not count.
    thin: usize,
    frames: Vec<Frame>,
    /// The next number of each open list; nothing for bullets.
    lists: Vec<Option<i64>>,
    marker: Option<String>,
    /// Whether the last paragraph is a term of which nothing is said yet, and how many there were before it.
    term: bool,
    terms: usize,
    tables: Vec<Table>,
    table_count: u32,
    hidden: Hidden,
    /// Whether no style sheet gives a ground to something, and the elements now open that have one.
    on_paper: bool,
    grounds: Vec<ego_tree::NodeId>,
    /// The header, footer or aside now open that is kept.
    kept: Option<ego_tree::NodeId>,
    /// What was left out of the main part.
    left: Vec<ego_tree::NodeId>,
    /// The main part, when it has been read.
    read: Option<ego_tree::NodeId>,
}

impl Walker {
    fn frame(&self) -> Frame {
        self.frames.last().copied().unwrap_or_default()
    }

    fn walk(&mut self, root: ElementRef<'_>) {
        let mut skipping: Option<ego_tree::NodeId> = None;
        let mut hiding = false;
        for edge in root.traverse() {
            match edge {
                Edge::Open(node) => match node.value() {
                    Node::Text(words) if skipping.is_none() => self.text(words),
                    Node::Text(words) if hiding => self.hidden.add(None, words),
                    Node::Element(element) if hiding && is_block(element.name()) => self.hidden.part(),
                    Node::Element(element) if skipping.is_none() => {
                        let furniture =
                            ElementRef::wrap(node).is_some_and(|element| self.is_furniture(element));
                        self.left.extend(furniture.then_some(node.id()));
                        let inside =
                            furniture || is_never_text(element.name()) || self.read == Some(node.id());
                        if has_ground(element) {
                            self.grounds.push(node.id());
                        }
                        hiding = self.is_hidden(element);
                        if inside || hiding {
                            skipping = Some(node.id());
                        } else {
                            self.open(element, node.id());
                        }
                    }
                    _ => {}
                },
                Edge::Close(node) => {
                    if self.grounds.last() == Some(&node.id()) {
                        self.grounds.pop();
                    }
                    self.kept = self.kept.filter(|kept| *kept != node.id());
                    if let Node::Element(element) = node.value() {
                        if skipping == Some(node.id()) {
                            skipping = None;
                            hiding = false;
                            self.hidden.part();
                        } else if skipping.is_none() {
                            self.close(element, node.id());
                        }
                    }
                }
            }
        }
        self.flush();
    }

    /// Walks what stands around the main part of a page and what was left out of it: menus, headers, footers. It is kept as
    /// remarks are, which are never an answer.
    fn around(&mut self, html: &Html, main: ElementRef<'_>) -> impl Iterator<Item = Para> {
        let mut around = Walker {
            sheet: std::mem::take(&mut self.sheet),
            layout: std::mem::take(&mut self.layout),
            on_paper: self.on_paper,
            whole_page: true,
            read: Some(main.id()),
            ..Walker::default()
        };
        around.walk(html.root_element());
        for id in &self.left {
            if let Some(element) = html.tree.get(*id).and_then(ElementRef::wrap) {
                around.walk(element);
            }
        }
        self.hidden.append(around.hidden);
        let paras = around.paras.into_iter();
        paras.map(|para| Para {
            role: Role::Remark,
            ..para
        })
    }

    /// Tells whether an element belongs to the page and not to its main part, where it has one: menus, and headers, footers
    /// and asides that are mostly links. Others stand in a main part as its lead or its notes.
    fn is_furniture(&mut self, element: ElementRef<'_>) -> bool {
        let role = element.attr("role").unwrap_or("");
        match element.value().name() {
            _ if self.whole_page => false,
            "nav" => true,
            // A question that folds its answer away is a button in a heading.
            "button" => self.frame().heading.is_none() && !self.frame().folding,
            "header" if self.titled.contains(&element.id()) => false,
            name => {
                let aside = matches!(name, "header" | "footer" | "aside");
                if self.kept.is_none() && (aside || matches!(role, "banner" | "contentinfo")) {
                    let links = is_mostly_links(element);
                    // What stands inside one that is kept is not weighed again: they can nest without end.
                    self.kept = Some(element.id()).filter(|_| !links);
                    return links;
                }
                matches!(role, "navigation" | "search" | "menu")
            }
        }
    }

    fn is_hidden(&self, element: &Element) -> bool {
        let style = css::Style::of(element.attr("style").unwrap_or(""));
        let rules = self.sheet.style(element);
        let font = element.name() == "font"
            && element
                .attr("color")
                .is_some_and(|colour| css::is_white(&colour.to_ascii_lowercase()));
        element.attr("hidden").is_some()
            || element.attr("aria-hidden") == Some("true")
            || style.hidden
            || rules.hidden
            || self.on_paper
                && self.grounds.is_empty()
                && (style.white || rules.white || font)
                && !matches!(element.name(), "html" | "body")
    }

    fn text(&mut self, words: &str) {
        let frame = self.frame();
        if frame.preformatted && self.tables.is_empty() {
            for (at, line) in words.split('\n').enumerate() {
                if at > 0 {
                    self.flush();
                }
                self.buffer.push_str(line);
            }
        } else if frame.raised {
            self.raised.push_str(words);
        } else {
            self.buffer.push_str(words);
        }
        if !(frame.bold || frame.heading.is_some()) {
            self.thin += words.trim().len();
        }
    }

    fn open(&mut self, element: &Element, id: ego_tree::NodeId) {
        let name = element.name();
        let style = self
            .sheet
            .style(element)
            .with(css::Style::of(element.attr("style").unwrap_or("")));
        let outer = self.frame();
        let block = is_block(name);
        if block {
            self.flush();
        }
        let mut frame = Frame {
            bold: outer.bold || style.bold || matches!(name, "b" | "strong" | "th"),
            centred: outer.centred
                || style.centred
                || name == "center"
                || element.attr("align") == Some("center"),
            raised: outer.raised || style.raised || name == "sup",
            block,
            ..outer
        };
        if frame.raised && !outer.raised {
            self.raised.clear();
        }
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => frame.heading = name[1..].parse().ok(),
            "pre" => frame.preformatted = true,
            "caption" | "figcaption" => frame.caption = true,
            "dd" => frame.described = true,
            "summary" | "legend" => frame.folding = true,
            "dt" => self.terms = self.paras.len(),
            "ul" | "menu" => self.lists.push(None),
            "ol" => self.lists.push(Some(
                element
                    .attr("start")
                    .and_then(|start| start.parse().ok())
                    .unwrap_or(1),
            )),
            "li" => {
                if let (Some(Some(number)), Some(value)) = (
                    self.lists.last_mut(),
                    element.attr("value").and_then(|value| value.parse().ok()),
                ) {
                    *number = value;
                }
                self.marker = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let marker = format!("{number}. ");
                        *number = number.saturating_add(1);
                        marker
                    }
                    _ => "- ".to_owned(),
                });
            }
            "br" => {
                if frame.heading.is_some() || !self.tables.is_empty() || frame.bold || frame.centred {
                    self.buffer.push(' ');
                } else {
                    self.flush();
                }
            }
            "table" if !self.layout.contains(&id) => {
                self.tables.push(Table::new(id));
            }
            "tr" => self.with_table(Table::open_row),
            "td" | "th" => {
                let span = |key| element.attr(key).and_then(|span| span.parse().ok()).unwrap_or(1);
                let (columns, rows) = (span("colspan"), span("rowspan"));
                self.with_table(|table, repeats| table.open_cell(name == "th", (columns, rows), repeats));
            }
            "thead" => self.with_table(|table, _| table.head = true),
            "img" => {
                if let Some(words) = element.attr("alt").filter(|words| is_told(words)) {
                    self.buffer.push(' ');
                    self.buffer.push_str(words);
                    self.buffer.push(' ');
                }
            }
            "section" | "aside" | "div" => {
                let class = element.attr("class").unwrap_or("");
                frame.footnote |= class.contains("footnotes") || element.attr("role") == Some("doc-endnotes");
            }
            _ => {}
        }
        self.frames.push(frame);
    }

    fn close(&mut self, element: &Element, id: ego_tree::NodeId) {
        let name = element.name();
        let frame = self.frame();
        let outer = self
            .frames
            .len()
            .checked_sub(2)
            .and_then(|at| self.frames.get(at))
            .copied()
            .unwrap_or_default();
        if frame.raised && !outer.raised {
            let raised = std::mem::take(&mut self.raised);
            push_raised(&mut self.buffer, &raised);
        }
        if frame.block {
            self.flush();
        }
        self.frames.pop();
        match name {
            "ul" | "menu" | "ol" => {
                self.lists.pop();
            }
            "li" => self.marker = None,
            "dt" => self.term = self.paras.len() > self.terms,
            "thead" => self.with_table(|table, _| table.head = false),
            "table" if self.tables.last().is_some_and(|table| table.id == id) => {
                if let Some(table) = self.tables.pop() {
                    table.into_paras(self.table_count, &mut self.paras, &mut self.repeats);
                    self.table_count += 1;
                }
            }
            _ => {}
        }
    }

    fn with_table(&mut self, change: impl FnOnce(&mut Table, &mut Repeats)) {
        if let Some(table) = self.tables.last_mut() {
            change(table, &mut self.repeats);
        }
    }

    fn flush(&mut self) {
        let words = std::mem::take(&mut self.buffer);
        let thin = std::mem::take(&mut self.thin);
        if words.trim().is_empty() {
            return;
        }
        let frame = self.frame();
        if let Some(table) = self.tables.last_mut().filter(|_| !frame.caption) {
            table.push(&words, &mut self.repeats);
            return;
        }
        let term = std::mem::take(&mut self.term) && frame.described;
        if let Some(last) = self
            .paras
            .last_mut()
            .filter(|last| term && last.role == Role::Plain && is_defined(&last.text, &words))
        {
            last.text = format!("{}: {}", last.text.trim(), words.trim());
            last.strong = false;
            return;
        }
        let role = if let Some(level) = frame.heading {
            Role::Heading(level)
        } else if frame.caption {
            Role::Caption
        } else if frame.footnote {
            Role::Footnote
        } else if frame.preformatted {
            Role::Verbatim
        } else if let Some(depth) = self.lists.len().checked_sub(1) {
            Role::Item(depth.min(8) as u8)
        } else {
            Role::Plain
        };
        let text = match self.marker.take() {
            Some(marker) if !words.trim_start().starts_with(['-', '•', '–', '—']) => marker + &words,
            _ => words,
        };
        let strong = thin == 0 || frame.centred;
        self.paras.push(Para {
            strong,
            ..Para::new(role, text)
        });
    }
}

/// Tells whether a term and what is said of it are a line of a register («Срок хранения», «75 лет»), not a question and its answer.
fn is_defined(term: &str, words: &str) -> bool {
    const MAX_TERM_CHARS: usize = 80;
    const MAX_CHARS: usize = 200;
    term.chars().count() <= MAX_TERM_CHARS
        && words.chars().count() <= MAX_CHARS
        && !term.trim_end().ends_with(['?', '!', '.', ':', ';'])
}

/// Tells whether the text for a picture says something: not «logo», not the name of a file.
fn is_told(alt: &str) -> bool {
    /// Shorter ones without a space are «фото» and «logo».
    const MIN_CHARS: usize = 5;
    let word = alt.chars().count() >= MIN_CHARS && alt.chars().all(char::is_alphabetic);
    alt.trim().contains(' ') || word
}

/// Tells whether an element holds programs, drawings and what else is never text.
fn is_never_text(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "head"
            | "noscript"
            | "noframes"
            | "template"
            | "svg"
            | "iframe"
            | "object"
            | "xml"
            | "audio"
            | "video"
            | "canvas"
    )
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hr"
            | "html"
            | "legend"
            | "li"
            | "main"
            | "menu"
            | "ol"
            | "optgroup"
            | "option"
            | "p"
            | "pre"
            | "section"
            | "select"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "textarea"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
    )
}
