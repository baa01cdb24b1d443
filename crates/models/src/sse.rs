//! Server-sent events, as streaming chat completions use them: the data of each event, whatever the cuts between reads.
//!
//! After <https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>; names of events,
//! identifiers and reconnection times mean nothing here. What one event and the whole stream may hold is bounded.

use std::collections::VecDeque;

/// What is wrong with a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SseError {
    /// An event, or the stream, is longer than allowed.
    TooLong {
        /// In bytes.
        limit: usize,
    },
    /// Bytes that are no UTF-8.
    NotText,
}

/// Takes bytes, gives events.
pub(crate) struct Decoder {
    line: Vec<u8>,
    data: Option<Vec<u8>>,
    events: VecDeque<String>,
    after_return: bool,
    first_line: bool,
    event_limit: usize,
    stream_limit: usize,
    taken: usize,
}

impl Decoder {
    pub(crate) fn new(event_limit: usize, stream_limit: usize) -> Self {
        Self {
            line: Vec::new(),
            data: None,
            events: VecDeque::new(),
            after_return: false,
            first_line: true,
            event_limit,
            stream_limit,
            taken: 0,
        }
    }

    /// Takes the next bytes of the stream.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), SseError> {
        self.taken = self.taken.saturating_add(bytes.len());
        if self.taken > self.stream_limit {
            return Err(SseError::TooLong {
                limit: self.stream_limit,
            });
        }
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            if std::mem::take(&mut self.after_return) && first == b'\n' {
                rest = &rest[1..];
                continue;
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let (line, next) = rest.split_at(end.unwrap_or(rest.len()));
            let held = self.line.len() + self.data.as_ref().map_or(0, Vec::len);
            if held + line.len() > self.event_limit {
                return Err(SseError::TooLong {
                    limit: self.event_limit,
                });
            }
            self.line.extend_from_slice(line);
            rest = next;
            if let Some(&end) = next.first() {
                self.after_return = end == b'\r';
                rest = &next[1..];
                self.end_line()?;
            }
        }
        Ok(())
    }

    /// Takes the end of the stream for the end of its last event, as servers that forget the empty line mean it.
    pub(crate) fn end(&mut self) -> Result<(), SseError> {
        if !self.line.is_empty() {
            self.end_line()?;
        }
        self.dispatch()
    }

    /// Takes an event that did not come in a stream.
    pub(crate) fn push_event(&mut self, data: Vec<u8>) -> Result<(), SseError> {
        self.data = Some(data);
        self.dispatch()
    }

    /// Returns the data of the next whole event.
    pub(crate) fn next(&mut self) -> Option<String> {
        self.events.pop_front()
    }

    fn end_line(&mut self) -> Result<(), SseError> {
        let taken = std::mem::take(&mut self.line);
        let mut line = taken.as_slice();
        if std::mem::take(&mut self.first_line) {
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = match line.iter().position(|&byte| byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        if field == b"data" {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            }
        }
        Ok(())
    }

    fn dispatch(&mut self) -> Result<(), SseError> {
        if let Some(data) = self.data.take() {
            let text = String::from_utf8(data).map_err(|_| SseError::NotText)?;
            self.events.push_back(text);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events(pieces: &[&[u8]]) -> Result<Vec<String>, SseError> {
        let mut decoder = Decoder::new(1_000, 10_000);
        for piece in pieces {
            decoder.push(piece)?;
        }
        decoder.end()?;
        Ok(std::iter::from_fn(|| decoder.next()).collect())
    }

    #[test]
    fn lines_end_in_three_ways_and_only_data_counts() {
        let table: &[(&str, &[&str])] = &[
            ("data: а\n\ndata: б\n\n", &["а", "б"]),
            ("data: а\r\rdata: б\r\r", &["а", "б"]),
            ("data: а\r\n\r\ndata: б\r\n\r\n", &["а", "б"]),
            ("\u{feff}data: а\n\n", &["а"]),
            ("data: а\n\u{feff}data: б\n\n", &["а"]),
            (": keep-alive\n\ndata: а\n: more\n\n", &["а"]),
            ("event: x\nid: 1\nretry: 5\ndata: а\n\n", &["а"]),
            ("data: а\ndata: б\n\n", &["а\nб"]),
            ("data:а\ndata:  б\n\n", &["а\n б"]),
            ("data\n\n", &[""]),
            ("database: а\n\n", &[]),
            ("data: without an end", &["without an end"]),
            ("data: а\n\n\n\n\n", &["а"]),
            ("", &[]),
        ];
        for (stream, expected) in table {
            assert_eq!(events(&[stream.as_bytes()]).unwrap(), *expected, "{stream:?}");
        }
    }

    #[test]
    fn what_is_too_long_or_no_text_is_told() {
        let long = format!("data: {}\n\n", "x".repeat(1_001));
        assert_eq!(
            events(&[long.as_bytes()]),
            Err(SseError::TooLong { limit: 1_000 })
        );
        // Neither many lines of one event nor a line without an end get around the bound.
        let lines = "data: 0123456789\n".repeat(200);
        assert_eq!(
            events(&[lines.as_bytes()]),
            Err(SseError::TooLong { limit: 1_000 })
        );
        let endless = vec![&b"0123456789"[..]; 200];
        assert_eq!(events(&endless), Err(SseError::TooLong { limit: 1_000 }));
        let stream = "data: x\n\n".repeat(2_000);
        assert_eq!(
            events(&[stream.as_bytes()]),
            Err(SseError::TooLong { limit: 10_000 })
        );
        assert_eq!(events(&[b"data: \xff\n\n"]), Err(SseError::NotText));
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(
            lines in prop::collection::vec("(data: ?|: |event:)[а-я😀 x]{0,6}(\n|\r|\r\n){1,2}", 0..8),
            cuts in prop::collection::vec(0_usize..200, 0..12),
        ) {
            let stream = lines.concat().into_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]).collect();
            prop_assert_eq!(events(&pieces), events(&[&stream]));
        }
    }
}
