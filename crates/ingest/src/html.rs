//! HTML: blocks, headings, lists, tables; superscripts that make a number.

use std::collections::HashSet;

use docent_corpus::BlockKind;
use scraper::node::Node;
use scraper::{ElementRef, Html, Selector};

use crate::build::{Builder, fold};

/// Deeper trees are cut: no page of a person nests so far, and the walk recurses.
const MAX_DEPTH: usize = 200;

/// Reads HTML.
pub(crate) fn read(text: &str, into: &mut Builder) {
    let page = Html::parse_document(text);
    let select = |css: &str| Selector::parse(css).ok();
    into.metadata.title = select("title")
        .and_then(|css| page.select(&css).next())
        .map(|title| title.text().collect());
    let styles: String = select("style")
        .map(|css| page.select(&css).flat_map(|style| style.text()).collect())
        .unwrap_or_default();
    let mut walk = Walk {
        into,
        line: String::new(),
        kind: BlockKind::Paragraph,
        raised: raised_classes(&styles),
        table: 0,
        lists: Vec::new(),
    };
    let main = select("main, article").and_then(|css| page.select(&css).next());
    let body = select("body").and_then(|css| page.select(&css).next());
    if let Some(root) = main.or(body) {
        walk.children(root, 0);
        walk.flush();
    }
}

/// Returns the classes whose rule raises the text: «229<span class="W9">2</span>».
fn raised_classes(styles: &str) -> HashSet<String> {
    styles
        .split('}')
        .filter_map(|rule| rule.split_once('{'))
        .filter(|(_, body)| body.replace(' ', "").contains("vertical-align:super"))
        .flat_map(|(names, _)| names.split(','))
        .filter_map(|name| {
            name.trim()
                .rsplit('.')
                .next()
                .filter(|_| name.contains('.'))
                .map(|class| class.trim().to_owned())
        })
        .collect()
}

struct Walk<'a> {
    into: &'a mut Builder,
    line: String,
    kind: BlockKind,
    raised: HashSet<String>,
    table: u32,
    lists: Vec<Option<u32>>,
}

impl Walk<'_> {
    fn flush(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.into.push(self.kind, &line);
    }

    fn children(&mut self, element: ElementRef<'_>, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        for node in element.children() {
            match node.value() {
                Node::Text(words) => self.line.push_str(words),
                Node::Element(_) => {
                    if let Some(child) = ElementRef::wrap(node) {
                        self.element(child, depth + 1);
                    }
                }
                _ => {}
            }
        }
    }

    fn element(&mut self, element: ElementRef<'_>, depth: usize) {
        let value = element.value();
        let style = value
            .attr("style")
            .unwrap_or_default()
            .replace(' ', "")
            .to_lowercase();
        if value.attr("hidden").is_some()
            || style.contains("display:none")
            || style.contains("visibility:hidden")
        {
            return;
        }
        match value.name() {
            "script" | "style" | "nav" | "noscript" | "template" | "head" | "button" | "select" | "svg"
            | "footer" => {}
            "br" => self.line.push(' '),
            "sup" => self.raise(element, depth),
            "span"
                if value.classes().any(|class| self.raised.contains(class))
                    || style.contains("vertical-align:super") =>
            {
                self.raise(element, depth)
            }
            name @ ("h1" | "h2" | "h3" | "h4" | "h5" | "h6") => {
                let level = name.as_bytes()[1] - b'0';
                self.block(element, depth, BlockKind::Heading { level });
            }
            "ul" | "ol" => {
                self.flush();
                let first = value
                    .attr("start")
                    .and_then(|start| start.parse().ok())
                    .unwrap_or(1);
                self.lists.push((value.name() == "ol").then_some(first));
                self.children(element, depth);
                self.flush();
                self.lists.pop();
                self.kind = BlockKind::Paragraph;
            }
            "li" => {
                self.flush();
                self.kind = BlockKind::ListItem {
                    depth: self.lists.len().saturating_sub(1) as u8,
                };
                match self.lists.last_mut() {
                    Some(Some(number)) => {
                        self.line = format!("{number}. ");
                        *number += 1;
                    }
                    _ => self.line.push_str("- "),
                }
                self.children(element, depth);
                self.flush();
                self.kind = BlockKind::Paragraph;
            }
            "caption" | "figcaption" => self.block(element, depth, BlockKind::Caption),
            "table" => {
                self.flush();
                self.children(element, depth);
                self.flush();
                self.table += 1;
            }
            "tr" => self.row(element, depth),
            "p" | "div" | "section" | "dt" | "dd" | "pre" | "blockquote" | "address" | "header"
            | "article" | "main" | "aside" | "form" | "fieldset" | "details" | "summary" => {
                if matches!(self.kind, BlockKind::ListItem { .. }) {
                    self.line.push(' ');
                    self.children(element, depth);
                } else {
                    self.block(element, depth, BlockKind::Paragraph);
                }
            }
            _ => self.children(element, depth),
        }
    }

    fn block(&mut self, element: ElementRef<'_>, depth: usize, kind: BlockKind) {
        self.flush();
        let outer = std::mem::replace(&mut self.kind, kind);
        self.children(element, depth);
        self.flush();
        self.kind = outer;
    }

    /// A raised number right after a digit is part of it: article 229 with a raised 2 is 229.2.
    fn raise(&mut self, element: ElementRef<'_>, depth: usize) {
        let raised: String = fold(&element.text().collect::<String>());
        let number = !raised.is_empty()
            && raised
                .chars()
                .all(|letter| letter.is_ascii_digit() || letter == '-');
        if number && self.line.ends_with(|last: char| last.is_ascii_digit()) {
            self.line.push('.');
            self.line.push_str(&raised);
        } else {
            self.children(element, depth);
        }
    }

    fn row(&mut self, element: ElementRef<'_>, depth: usize) {
        self.flush();
        let outer = std::mem::replace(&mut self.kind, BlockKind::Paragraph);
        let (mut cells, mut heads) = (Vec::new(), 0);
        for cell in element.children().filter_map(ElementRef::wrap) {
            if !matches!(cell.value().name(), "td" | "th") {
                continue;
            }
            heads += usize::from(cell.value().name() == "th");
            let mut inner = Builder::default();
            let mut walk = Walk {
                into: &mut inner,
                line: String::new(),
                kind: BlockKind::Caption,
                raised: self.raised.clone(),
                table: 0,
                lists: Vec::new(),
            };
            walk.children(cell, depth);
            let line = std::mem::take(&mut walk.line);
            let mut words = inner
                .finish("", docent_corpus::Version([0; 16]), docent_corpus::Format::Html)
                .text;
            words.push_str(&line);
            cells.push(fold(&words));
        }
        let table = self.table;
        let kind = if heads > 1 && heads == cells.len() {
            BlockKind::TableHeader { table }
        } else {
            BlockKind::TableRow { table }
        };
        if cells.iter().any(|cell| !cell.is_empty()) {
            self.into.push(kind, &cells.join(" | "));
        }
        self.kind = outer;
    }
}
