//! What a model says, parted into sentences with their citations as it comes in.
//!
//! Two forms are read: the JSON that was asked for, each object as soon as it is closed, and lines of text with `[n]` behind each
//! sentence, which servers without structured output and small models give. Owns the form only; nothing here is believed.

use serde_json::Value;

/// A sentence of the model with what it cites.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Claim {
    /// The sentence, marks of citation left out.
    pub(crate) text: String,
    /// The passages that it names, by their numbers in the prompt.
    pub(crate) cited: Vec<usize>,
    /// The words that it says stand there; without any the sentence itself must.
    pub(crate) quotes: Vec<String>,
}

/// The most of a model's text that is read: several times the longest answer.
pub(crate) const MOST_BYTES: usize = 32 << 10;

/// A model's text as it comes in.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    text: String,
    /// Where in the text reading goes on.
    at: usize,
    form: Form,
    /// Where the reply begins, behind thoughts and fences.
    begins: usize,
    /// Beginnings of objects that are not closed yet.
    open: Vec<usize>,
    in_string: bool,
    escaped: bool,
    /// Whether a sentence was ever seen.
    pub(crate) spoke: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Form {
    #[default]
    Unknown,
    Json,
    Lines,
}

/// Words by which a model says that the passages do not answer.
const REFUSALS: &[&str] = &[
    "no_answer",
    "нет ответа",
    "нет информации",
    "не содерж",
    "не найден",
    "не отвеча",
    "not answer",
    "no answer",
    "not contain",
    "no information",
    "not found",
    "жауап жоқ",
    "ақпарат жоқ",
    "табылмады",
];

impl Stream {
    /// Takes more of the text; returns the sentences that are complete by now.
    pub(crate) fn feed(&mut self, piece: &str) -> Vec<Claim> {
        if !self.is_full() {
            self.text.push_str(piece);
        }
        self.read(false)
    }

    /// Returns the sentences that the end of the text completes.
    pub(crate) fn finish(&mut self) -> Vec<Claim> {
        self.read(true)
    }

    /// Tells whether what comes further is not read.
    pub(crate) fn is_full(&self) -> bool {
        self.text.len() > MOST_BYTES
    }

    /// Tells whether the model said in its own way that there is no answer: an empty list in the form that was asked for, or words to that
    /// effect and no sentence. Whatever else it said instead of sentences is noise.
    pub(crate) fn refuses(&self) -> bool {
        let text = self.text.to_lowercase();
        match self.form {
            Form::Json => !self.spoke && self.lists_nothing(),
            Form::Unknown | Form::Lines => !self.spoke && REFUSALS.iter().any(|words| text.contains(words)),
        }
    }

    fn lists_nothing(&self) -> bool {
        let mut values = serde_json::Deserializer::from_str(&self.text[self.begins..]).into_iter::<Value>();
        let Some(Ok(reply)) = values.next() else {
            return false;
        };
        reply
            .get("sentences")
            .and_then(Value::as_array)
            .is_some_and(Vec::is_empty)
    }

    fn read(&mut self, ended: bool) -> Vec<Claim> {
        if self.form == Form::Unknown {
            match self.begun(ended) {
                Some(form) => (self.form, self.begins) = (form, self.at),
                None => return Vec::new(),
            }
        }
        let claims = match self.form {
            Form::Json => self.objects(),
            Form::Lines => self.lines(ended),
            Form::Unknown => Vec::new(),
        };
        self.spoke |= !claims.is_empty();
        claims
    }

    /// Passes over thoughts and fences; returns the form of what begins behind them, once that is known.
    fn begun(&mut self, ended: bool) -> Option<Form> {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let unsure = |mark: &str| !ended && mark.starts_with(trimmed);
            if trimmed.is_empty() || unsure("<think>") || unsure("```json\n") {
                return None;
            }
            if trimmed.starts_with("<think>") {
                let end = trimmed.find("</think>")?;
                self.at += end + "</think>".len();
            } else if trimmed.starts_with("```") {
                let end = trimmed.find('\n')?;
                self.at += end + 1;
            } else if trimmed.starts_with(['{', '[']) && !is_citation(trimmed) {
                return Some(Form::Json);
            } else {
                return Some(Form::Lines);
            }
        }
    }

    fn objects(&mut self) -> Vec<Claim> {
        let mut claims = Vec::new();
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' => self.open.push(self.at),
                b'}' => {
                    if let Some(start) = self.open.pop() {
                        claims.extend(object(&self.text[start..=self.at]));
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
        claims
    }

    fn lines(&mut self, ended: bool) -> Vec<Claim> {
        let mut claims = Vec::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(end) = rest
                .find('\n')
                .map(|end| end + 1)
                .or((ended && !rest.is_empty()).then_some(rest.len()))
            else {
                return claims;
            };
            claims.extend(line(&rest[..end]));
            self.at += end;
        }
    }
}

/// Tells whether a text begins with `[1]`, which is no list of JSON for us.
fn is_citation(text: &str) -> bool {
    let inner = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    inner.is_some_and(|(number, rest)| number.trim().parse::<usize>().is_ok() && !rest.trim().is_empty())
}

/// Reads one object of the list; nothing when it is something else, like the object around the list.
fn object(text: &str) -> Option<Claim> {
    let value: Value = serde_json::from_str(text).ok()?;
    let string = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let (text, quote) = (string("sentence"), string("evidence"));
    if text.is_none() && quote.is_none() {
        return None;
    }
    let mut quotes: Vec<String> = Vec::new();
    let mut cited: Vec<usize> = Vec::new();
    let number = value.get("passage").and_then(Value::as_u64);
    cited.extend(number.and_then(|number| usize::try_from(number).ok()));
    if let Some(quote) = quote {
        let (quote, more) = unmarked(&quote);
        cited.extend(more);
        quotes.extend(Some(quote).filter(|quote| !quote.is_empty()));
    }
    let (mut text, more) = unmarked(&text.unwrap_or_default());
    cited.extend(more);
    // A model that gives the words of the passage alone lets them speak for themselves.
    if text.is_empty() {
        text.clone_from(quotes.first()?);
    }
    Some(Claim { text, cited, quotes })
}

/// Reads one line: sentences each with its citations, the words quoted before them in marks if there are any.
fn line(line: &str) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut rest = line.trim();
    while let Some((start, end)) = marks(rest) {
        let (text, cited) = unmarked(&rest[..end]);
        rest =
            rest[end..].trim_start_matches(|letter: char| letter.is_whitespace() || ".;,".contains(letter));
        if start == 0 && text.is_empty() {
            continue;
        }
        let (text, quote) = parted(&text);
        claims.push(Claim {
            text,
            cited,
            quotes: quote.into_iter().collect(),
        });
    }
    claims
}

/// Returns where the first run of citations begins and ends.
fn marks(text: &str) -> Option<(usize, usize)> {
    let mut found: Option<(usize, usize)> = None;
    let mut from = 0;
    while let Some(open) = text[from..].find('[').map(|at| from + at) {
        let Some(close) = text[open..].find(']').map(|at| open + at + 1) else {
            break;
        };
        if numbers(&text[open + 1..close - 1]).is_empty() {
            from = open + 1;
            continue;
        }
        match found {
            Some((_, end)) if text[end..open].chars().any(|letter| !letter.is_whitespace()) => break,
            Some((start, _)) => found = Some((start, close)),
            None => found = Some((open, close)),
        }
        from = close;
    }
    found
}

/// Reads `1, 2`; nothing of what is no list of numbers.
fn numbers(text: &str) -> Vec<usize> {
    let all: Option<Vec<usize>> = text.split(',').map(|one| one.trim().parse().ok()).collect();
    all.unwrap_or_default()
}

/// Returns a text without its marks of citation and of lists, and the numbers in those.
fn unmarked(text: &str) -> (String, Vec<usize>) {
    let (mut plain, mut cited, mut rest) = (String::new(), Vec::new(), text);
    while let Some((start, end)) = marks(rest) {
        plain.push_str(rest[..start].trim_end());
        let inside = rest[start..end].split(['[', ']']);
        cited.extend(inside.flat_map(numbers));
        rest = &rest[end..];
    }
    plain.push_str(rest);
    let plain = plain.replace("**", "").replace("__", "");
    let words: Vec<&str> = plain.split_whitespace().collect();
    let plain = words.join(" ");
    let plain = plain.trim_start_matches(['-', '*', '•', '#', '>']).trim();
    (plain.to_owned(), cited)
}

/// Parts `sentence «quote»` when the quotation stands at the end.
fn parted(text: &str) -> (String, Option<String>) {
    let bare = text.trim_end_matches(['.', ' ', ')']);
    for (open, close) in [('«', '»'), ('“', '”'), ('"', '"')] {
        let Some(inner) = bare.strip_suffix(close) else {
            continue;
        };
        let Some(start) = inner.rfind(open) else { continue };
        let (before, quote) = (
            inner[..start].trim_end_matches([' ', '(', ':', '—', '-']),
            &inner[start + open.len_utf8()..],
        );
        if quote.split_whitespace().count() >= 3 {
            let sentence = if before.is_empty() { quote } else { before };
            return (sentence.to_owned(), Some(quote.to_owned()));
        }
    }
    (text.to_owned(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(pieces: &[&str]) -> Vec<(String, Vec<usize>, Vec<String>)> {
        let mut stream = Stream::default();
        let mut all: Vec<Claim> = pieces.iter().flat_map(|piece| stream.feed(piece)).collect();
        all.extend(stream.finish());
        all.into_iter()
            .map(|claim| (claim.text, claim.cited, claim.quotes))
            .collect()
    }

    fn one(text: &str, cited: &[usize], quotes: &[&str]) -> (String, Vec<usize>, Vec<String>) {
        (
            text.to_owned(),
            cited.to_vec(),
            quotes.iter().map(|&quote| quote.to_owned()).collect(),
        )
    }

    #[test]
    fn objects_are_read_as_they_close_however_the_text_is_cut() {
        let text = "```json\n{\"sentences\":[{\"evidence\":\"28 дней {и \\\"ещё\\\"}\",\"passage\":2,\"sentence\":\"Отпуск — 28 дней.\"},\n {\"evidence\":\"x y z\",\"passage\":1,\"sentence\":\"\"}]}\n```";
        let whole = claims(&[text]);
        assert_eq!(
            whole,
            [
                one("Отпуск — 28 дней.", &[2], &["28 дней {и \"ещё\"}"]),
                one("x y z", &[1], &["x y z"])
            ]
        );
        let letters: Vec<String> = text.chars().map(String::from).collect();
        assert_eq!(
            claims(&letters.iter().map(String::as_str).collect::<Vec<_>>()),
            whole
        );
    }

    #[test]
    fn lines_with_marks_are_read_as_well() {
        let text = "<think>hm [1]</think>\nОтпуск — 28 дней [1]. Его делят [1][2].\n- Часть не короче 14 дней: «не может быть менее 14 дней» [2, 3]\nБез ссылки.\n";
        assert_eq!(
            claims(&[text]),
            [
                one("Отпуск — 28 дней", &[1], &[]),
                one("Его делят", &[1, 2], &[]),
                one(
                    "Часть не короче 14 дней",
                    &[2, 3],
                    &["не может быть менее 14 дней"]
                ),
            ]
        );
        assert_eq!(
            claims(&["Статья [см. выше] даёт 5 дней. ", "[1]"]),
            [one("Статья [см. выше] даёт 5 дней.", &[1], &[])]
        );
    }

    #[test]
    fn a_refusal_is_told_from_noise() {
        let refuses = |text: &str| {
            let mut stream = Stream::default();
            let spoke = !stream.feed(text).is_empty() | !stream.finish().is_empty();
            (spoke, stream.refuses())
        };
        assert_eq!(refuses("{\"sentences\":[]}"), (false, true));
        assert_eq!(
            refuses("<think>[]</think>```json\n{\"sentences\": [ ]}\n```\nНадеюсь, это помогло."),
            (false, true)
        );
        for noise in [
            "{}",
            "{",
            "[]",
            "[1",
            "{\"error\":\"out of memory\"}",
            "{\"sentences\":\"x\"}",
            "{\"sentences\":[{}]}",
            "{\"answer\":\"Отпуск — 28 дней.\"}",
            "{\"sentences\":[{\"evi",
        ] {
            assert_eq!(refuses(noise), (false, false), "{noise}");
        }
        assert_eq!(refuses("В документах нет ответа на этот вопрос."), (false, true));
        assert_eq!(refuses("qwertz ыва"), (false, false));
        assert_eq!(refuses(""), (false, false));
        assert_eq!(refuses("Отпуск — 28 дней. [1]"), (true, false));
    }
}
