//! The other parts of a DOCX package: which is which by its relations, and the words of charts and diagrams.

use std::collections::BTreeMap;

use docent_corpus::Unreadable;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::super::draft::{Para, Role, join_cells};
use super::super::epub::joined;
use super::super::package::Package;
use super::{attribute, resolved};

/// Points of one chart: more are a curve, not words.
const MAX_POINTS: usize = 2_000;

/// What a part refers to.
#[derive(Debug, Default)]
pub(in crate::read) struct Relations(Vec<(String, String, String)>);

impl Relations {
    /// Reads the relations of a part; a broken rest is left out.
    pub(in crate::read) fn of(package: &mut Package<'_>, part: &str) -> Result<Self, Unreadable> {
        let (home, name) = part.rsplit_once('/').unwrap_or(("", part));
        let member = joined(home, &format!("_rels/{name}.rels"));
        let xml = package.xml(&member)?.unwrap_or_default();
        let mut list = Vec::new();
        let mut reader = Reader::from_str(&xml);
        while let Ok(event) = reader.read_event() {
            match event {
                Event::Start(start) | Event::Empty(start) => {
                    let told = |key| attribute(&start, key).unwrap_or_default();
                    let target = told("Target");
                    let target = match target.strip_prefix('/') {
                        Some(absolute) => joined("", absolute),
                        None => joined(home, &target),
                    };
                    let kind = told("Type").rsplit('/').next().unwrap_or("").to_owned();
                    if told("TargetMode") != "External" {
                        list.push((told("Id"), kind, target));
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        Ok(Self(list))
    }

    /// Returns the part of a kind, or the name that Word gives it.
    pub(in crate::read) fn first(&self, kind: &str, usual: &str) -> String {
        let found = self.0.iter().find(|(_, one, _)| one == kind);
        found.map_or_else(|| usual.to_owned(), |(_, _, target)| target.clone())
    }

    /// Returns the part with an id.
    pub(in crate::read) fn by_id(&self, id: &str) -> Option<&str> {
        let found = self.0.iter().find(|(one, _, _)| one == id);
        found.map(|(_, _, target)| target.as_str())
    }

    /// Returns all parts of a kind.
    pub(in crate::read) fn all(&self, kind: &str) -> Vec<String> {
        let found = self.0.iter().filter(|(_, one, _)| one == kind);
        found.map(|(_, _, target)| target.clone()).collect()
    }
}

/// Returns the words of a diagram, a line for each of its paragraphs.
pub(in crate::read) fn diagram(xml: &str) -> Vec<Para> {
    let mut reader = Reader::from_str(xml);
    let (mut line, mut within) = (String::new(), false);
    let mut paras = Vec::new();
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(start) => within |= start.local_name().as_ref() == "t",
            Event::Text(text) if within => line.push_str(&text),
            Event::GeneralRef(entity) if within => line.push_str(&resolved(&entity)),
            Event::End(end) => match end.local_name().as_ref() {
                "t" => within = false,
                "p" if !line.trim().is_empty() => {
                    paras.push(Para::new(Role::Plain, std::mem::take(&mut line)));
                }
                _ => {}
            },
            Event::Eof => break,
            _ => {}
        }
    }
    paras
}

/// A series of a chart.
#[derive(Debug, Default)]
struct Series {
    name: String,
    categories: BTreeMap<usize, String>,
    values: BTreeMap<usize, String>,
}

/// Returns the titles of a chart and the table of what it draws.
pub(in crate::read) fn chart(xml: &str, table: u32) -> Vec<Para> {
    let mut reader = Reader::from_str(xml);
    let mut paras = Vec::new();
    let mut all: Vec<Series> = Vec::new();
    // What the values now walked are: name, categories or values of a series.
    let (mut role, mut point) = (' ', 0_usize);
    let (mut line, mut value, mut within) = (String::new(), String::new(), ' ');
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(start) => match start.local_name().as_ref() {
                "ser" => all.push(Series::default()),
                "tx" => role = 'n',
                "cat" | "xVal" => role = 'c',
                "val" | "yVal" => role = 'v',
                "pt" => {
                    point = attribute(&start, "idx")
                        .and_then(|idx| idx.parse().ok())
                        .unwrap_or(0);
                }
                "t" => within = 't',
                "v" => within = 'v',
                _ => {}
            },
            Event::Text(text) if within == 't' => line.push_str(&text),
            Event::Text(text) if within == 'v' => value.push_str(&text),
            Event::GeneralRef(entity) if within == 't' => line.push_str(&resolved(&entity)),
            Event::GeneralRef(entity) if within == 'v' => value.push_str(&resolved(&entity)),
            Event::End(end) => match end.local_name().as_ref() {
                "t" => within = ' ',
                "p" if !line.trim().is_empty() => {
                    paras.push(Para::new(Role::Plain, std::mem::take(&mut line)));
                }
                "v" => {
                    within = ' ';
                    let value = std::mem::take(&mut value);
                    if let Some(series) = all.last_mut() {
                        match role {
                            'n' => series.name = value,
                            'c' => drop(series.categories.insert(point, value)),
                            'v' => drop(series.values.insert(point, value)),
                            _ => {}
                        }
                    }
                }
                "tx" | "cat" | "xVal" | "val" | "yVal" => role = ' ',
                _ => {}
            },
            Event::Eof => break,
            _ => {}
        }
    }
    let names = all.iter().map(|series| series.name.clone());
    let header: Vec<String> = std::iter::once(String::new()).chain(names).collect();
    let categories = all
        .first()
        .map(|series| series.categories.clone())
        .unwrap_or_default();
    if categories.is_empty() {
        let named = header.into_iter().filter(|name| !name.trim().is_empty());
        paras.extend(named.map(|name| Para::new(Role::Plain, name)));
        return paras;
    }
    paras.push(Para::new(Role::Row(table, true), join_cells(&header)));
    for (at, category) in categories.into_iter().take(MAX_POINTS) {
        let values = all
            .iter()
            .map(|series| series.values.get(&at).cloned().unwrap_or_default());
        let row: Vec<String> = std::iter::once(category).chain(values).collect();
        paras.push(Para::new(Role::Row(table, false), join_cells(&row)));
    }
    paras
}
