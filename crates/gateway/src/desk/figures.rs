//! Numbers, sizes and moments as each language writes them.

use std::time::{SystemTime, UNIX_EPOCH};

use docent_corpus::Language;

use super::words::Words;

impl Words {
    /// Returns a number with the right form of a word: one, few, many; Kazakh has one form, English two.
    pub(super) fn counted(self, n: usize, russian: [&str; 3], kazakh: &str, english: [&str; 2]) -> String {
        let word = match self.0 {
            Language::Russian => match (n % 10, n % 100) {
                (1, tail) if tail != 11 => russian[0],
                (2..=4, tail) if !(12..=14).contains(&tail) => russian[1],
                _ => russian[2],
            },
            Language::Kazakh => kazakh,
            Language::English => english[usize::from(n != 1)],
        };
        format!("{} {word}", self.number(n as u64))
    }

    /// Returns a number with its thousands parted.
    pub(super) fn number(self, n: u64) -> String {
        let digits = n.to_string();
        let mut out = String::new();
        for (nth, digit) in digits.chars().enumerate() {
            if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
                out.push(if self.0 == Language::English {
                    ','
                } else {
                    '\u{a0}'
                });
            }
            out.push(digit);
        }
        out
    }

    /// Returns a figure with two places.
    pub(super) fn figure(self, x: f32) -> String {
        // What is shown as nothing has no sign.
        let text = format!("{x:.2}").replace("-0.00", "0.00");
        if self.0 == Language::English {
            text
        } else {
            text.replace('.', ",")
        }
    }

    /// Returns a share as a percentage.
    pub(super) fn percent(self, share: f32) -> String {
        let blank = if self.0 == Language::English { "" } else { "\u{a0}" };
        format!("{:.0}{blank}%", share.clamp(0.0, 1.0) * 100.0)
    }

    /// Returns a figure with its sign.
    pub(super) fn signed(self, x: f32) -> String {
        let text = self.figure(x.abs());
        let zero = text.chars().all(|c| !('1'..='9').contains(&c));
        match x {
            _ if zero => text,
            x if x < 0.0 => format!("−{text}"),
            _ => format!("+{text}"),
        }
    }

    /// Returns a day in ISO 8601 as people write it.
    pub(super) fn day_of(self, iso: &str) -> String {
        let parts: Vec<&str> = iso.split('-').collect();
        match (self.0, parts.as_slice()) {
            (Language::Russian | Language::Kazakh, [year, month, day]) => format!("{day}.{month}.{year}"),
            _ => iso.to_owned(),
        }
    }

    /// Returns a day in ISO 8601 without its year.
    pub(super) fn short_day(self, iso: &str) -> String {
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let mut parts = iso.split('-').skip(1);
        let (month, day) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let named = month
            .parse::<usize>()
            .ok()
            .and_then(|month| MONTHS.get(month.wrapping_sub(1)));
        match (self.0, named) {
            (Language::English, Some(month)) => format!("{} {month}", day.trim_start_matches('0')),
            _ => format!("{day}.{month}"),
        }
    }

    pub(super) fn bytes(self, bytes: u64) -> String {
        let [b, k, m] = match self.0 {
            Language::Russian | Language::Kazakh => ["Б", "КБ", "МБ"],
            Language::English => ["B", "KB", "MB"],
        };
        let one_place = |value: f64| {
            let text = format!("{value:.1}");
            if self.0 == Language::English {
                text
            } else {
                text.replace('.', ",")
            }
        };
        match bytes {
            0..1_024 => format!("{bytes}\u{a0}{b}"),
            1_024..1_048_576 => format!("{}\u{a0}{k}", (bytes + 512) / 1_024),
            _ => format!("{}\u{a0}{m}", one_place(bytes as f64 / 1_048_576.0)),
        }
    }
}

/// Returns a moment as `2026-11-25T03:52Z`, for machines.
pub(super) fn moment(time: SystemTime) -> String {
    let [year, month, day, hour, minute] = parts(time);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}Z")
}

/// Returns a moment as `25.11.2026, 03:52 UTC`, for people; the script turns it into their own time.
pub(super) fn date(time: SystemTime) -> String {
    let [year, month, day, hour, minute] = parts(time);
    format!("{day:02}.{month:02}.{year:04}, {hour:02}:{minute:02} UTC")
}

/// Returns year, month, day, hour and minute in UTC. The days are those of Howard Hinnant's `civil_from_days`; moments before
/// 1970 count as its begin.
fn parts(time: SystemTime) -> [u64; 5] {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    [year, month, day, seconds / 3_600 % 24, seconds / 60 % 60]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn moments_are_told_in_utc() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00Z"),
            (951_782_399, "2000-02-28T23:59Z"),
            (951_782_400, "2000-02-29T00:00Z"),
            (1_795_578_778, "2026-11-25T03:52Z"),
        ] {
            assert_eq!(moment(UNIX_EPOCH + Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn numbers_have_the_form_that_their_language_wants() {
        let russian = Words(Language::Russian);
        let forms = [1, 2, 5, 11, 12, 21, 1_234].map(|n| russian.documents_counted(n));
        assert_eq!(
            forms,
            [
                "1 документ",
                "2 документа",
                "5 документов",
                "11 документов",
                "12 документов",
                "21 документ",
                "1\u{a0}234 документа"
            ]
        );
        assert_eq!(Words(Language::English).documents_counted(1), "1 document");
        assert_eq!(russian.signed(-0.5), "−0,50");
        assert_eq!(russian.signed(-0.001), "0,00");
        assert_eq!(russian.bytes(52_428_800), "50,0\u{a0}МБ");
    }
}
