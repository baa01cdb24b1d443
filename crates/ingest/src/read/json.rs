//! JSON and JSON Lines: objects as headings and «key: value» lines, lists of like objects as tables.

use docent_corpus::Format;
use serde_json::{Map, Value};

use super::draft::{Draft, Para, Role, join_cells};

/// Keys under which an object names itself.
const NAMES: [&str; 8] = [
    "title",
    "name",
    "question",
    "название",
    "наименование",
    "заголовок",
    "имя",
    "вопрос",
];

/// Values of one file, each of which costs some hundred bytes while it is read: beyond it a file is a database.
const MAX_VALUES: usize = 2_000_000;

/// Reads JSON, or returns nothing when the text is none.
///
/// `serde_json` stops at 128 levels, so recursion is bounded.
pub(super) fn read(text: &str) -> Option<Draft> {
    let start = text.trim_start();
    if !start.starts_with(['{', '[']) {
        return None;
    }
    let values = start
        .bytes()
        .filter(|byte| matches!(byte, b',' | b'{' | b'['))
        .count();
    if values > MAX_VALUES {
        let mut draft = Draft::new(Format::Json);
        draft.paras.overflow();
        return Some(draft);
    }
    let value = serde_json::from_str(start).ok().or_else(|| lines(start))?;
    let mut writer = Writer {
        draft: Draft::new(Format::Json),
        tables: 0,
    };
    if let Value::Object(object) = &value {
        writer.draft.title = name(object).map(ToOwned::to_owned);
    }
    writer.value(None, &value, 1);
    Some(writer.draft)
}

/// Reads a value in each line.
fn lines(text: &str) -> Option<Value> {
    let values: Vec<Value> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).ok())
        .collect::<Option<_>>()?;
    Some(Value::Array(values))
}

fn name(object: &Map<String, Value>) -> Option<&str> {
    let named = |key: &&str| {
        let found = object.iter().find(|(one, _)| one.to_lowercase() == **key);
        found.and_then(|(_, value)| value.as_str())
    };
    NAMES
        .iter()
        .find_map(named)
        .filter(|name| !name.trim().is_empty())
}

/// Returns a value that fits in a line.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(is) => Some(is.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

struct Writer {
    draft: Draft,
    tables: u32,
}

impl Writer {
    fn push(&mut self, role: Role, text: impl Into<String>) {
        let text: String = text.into();
        for line in text.lines() {
            self.draft.paras.push(Para::new(role, line));
        }
    }

    fn value(&mut self, key: Option<&str>, value: &Value, level: u8) {
        if let Some(text) = scalar(value) {
            let text = match key {
                Some(key) if !text.is_empty() => format!("{key}: {text}"),
                _ => text,
            };
            return self.push(Role::Plain, text);
        }
        match value {
            Value::Array(items) => self.array(key, items, level),
            Value::Object(object) => {
                if let Some(heading) = name(object).or(key) {
                    self.push(Role::Heading(level.min(9)), heading);
                }
                for (key, value) in object {
                    self.value(Some(key), value, level.saturating_add(1));
                }
            }
            _ => {}
        }
    }

    fn array(&mut self, key: Option<&str>, items: &[Value], level: u8) {
        if let Some(table) = table(items) {
            if let Some(key) = key {
                self.push(Role::Heading(level.min(9)), key);
            }
            for (at, row) in table.iter().enumerate() {
                self.draft
                    .paras
                    .push(Para::new(Role::Row(self.tables, at == 0), join_cells(row)));
            }
            self.tables += 1;
        } else if items.iter().all(|item| scalar(item).is_some()) {
            // A short list reads best in its line.
            const SHORT_CHARS: usize = 200;
            let all: Vec<String> = items.iter().filter_map(scalar).collect();
            let line = all.join(", ");
            if line.chars().count() <= SHORT_CHARS {
                let line = key.map_or_else(|| line.clone(), |key| format!("{key}: {line}"));
                self.push(Role::Plain, line);
            } else {
                if let Some(key) = key {
                    self.push(Role::Plain, format!("{key}:"));
                }
                for item in all {
                    self.push(Role::Item(0), item);
                }
            }
        } else {
            if let Some(key) = key {
                self.push(Role::Heading(level.min(9)), key);
            }
            for item in items {
                self.value(None, item, level.saturating_add(1));
            }
        }
    }
}

/// Returns header and rows when the items are objects with the same keys and short values.
fn table(items: &[Value]) -> Option<Vec<Vec<String>>> {
    /// Longer values are texts, which want lines of their own.
    const CELL_CHARS: usize = 120;
    let keys: Vec<&String> = items.first()?.as_object()?.keys().collect();
    if items.len() < 2 || keys.len() < 2 {
        return None;
    }
    let mut rows = vec![keys.iter().map(|key| (*key).clone()).collect::<Vec<_>>()];
    for item in items {
        let object = item
            .as_object()
            .filter(|object| object.keys().eq(keys.iter().copied()))?;
        let row: Option<Vec<String>> = object.values().map(scalar).collect();
        rows.push(row.filter(|row| {
            row.iter()
                .all(|cell| cell.chars().count() <= CELL_CHARS && !cell.contains('\n'))
        })?);
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, lines: &[&str]) {
        let paras: Vec<String> = read(text)
            .unwrap()
            .paras
            .into_iter()
            .map(|para| para.text)
            .collect();
        assert_eq!(paras, lines);
    }

    #[test]
    fn objects_are_sections_and_like_objects_a_table() {
        check(
            r#"{"title": "Услуги", "срок": 5, "дни": ["пн", "вт"], "цены": [{"за": "час", "руб": 1.5}, {"за": "день", "руб": 9}]}"#,
            &[
                "Услуги",
                "title: Услуги",
                "срок: 5",
                "дни: пн, вт",
                "цены",
                "за | руб",
                "час | 1.5",
                "день | 9",
            ],
        );
        check(
            "{\"a\": 1}\n{\"b\": {\"name\": \"Имя\"}}\n",
            &["a: 1", "Имя", "name: Имя"],
        );
        assert!(read("[не json").is_none() && read(&"[".repeat(100_000)).is_none());
    }
}
