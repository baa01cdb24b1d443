//! The same of an XLSB, whose records have other numbers and lie in a file for each sheet ([MS-XLSB]).

use std::collections::HashMap;

use super::super::docx::Relations;
use super::super::ole::{u8_at, u16_at, u32_at};
use super::super::package::Package;
use super::super::xlsx::{Shown, of_code, of_number};
use super::{Looks, MAX_NOTED, MAX_RECORDS};

/// The kinds of records that are looked at.
mod record {
    pub(super) const ROW: u32 = 0;
    pub(super) const SHORT_NUMBER: u32 = 2;
    pub(super) const NUMBER: u32 = 5;
    pub(super) const FORMULA: u32 = 9;
    pub(super) const FORMAT: u32 = 44;
    pub(super) const LOOK: u32 = 47;
    pub(super) const COLUMNS: u32 = 60;
    pub(super) const SHEET: u32 = 156;
    pub(super) const FILTERED: u32 = 161;
    pub(super) const BEGIN_LOOKS: u32 = 617;
    pub(super) const END_LOOKS: u32 = 618;
}

/// Returns what is known of the cells of each sheet, in the order of the workbook.
pub(in crate::read) fn looks(package: &mut Package<'_>) -> Vec<Looks> {
    const MAIN: &str = "xl/workbook.bin";
    let mut part = |name: &str| package.member(name).ok().flatten().unwrap_or_default();
    let workbook = part(MAIN);
    let formats = formats(&part("xl/styles.bin"));
    let Ok(relations) = Relations::of(package, MAIN) else {
        return Vec::new();
    };
    let mut left = MAX_RECORDS;
    let sheets = Records(&workbook).filter(|(kind, _)| *kind == record::SHEET);
    let of_sheet = |(_, sheet): (u32, &[u8])| {
        let (id, _) = wide(sheet.get(8..).unwrap_or_default()).unwrap_or_default();
        let member = relations
            .by_id(&id)
            .and_then(|member| package.member(member).ok());
        let mut looks = Looks::default();
        for (kind, record) in Records(&member.flatten().unwrap_or_default()) {
            left = left.saturating_sub(1);
            if left == 0 {
                break;
            }
            take(&mut looks, kind, record, &formats);
        }
        looks
    };
    sheets.map(of_sheet).collect()
}

fn take(looks: &mut Looks, kind: u32, record: &[u8], formats: &[Shown]) {
    match kind {
        record::ROW => {
            const HIDDEN: u8 = 0x10;
            const OUTLINE: u8 = 0x07;
            looks.row = u32_at(record, 0).unwrap_or(0);
            // What an outline folds away, a click shows.
            if u8_at(record, 11).is_some_and(|flags| flags & HIDDEN != 0 && flags & OUTLINE == 0) {
                looks.rows.insert(looks.row);
            }
        }
        record::COLUMNS => {
            const HIDDEN: u16 = 0x01;
            const OUTLINE: u16 = 0x0700;
            let hidden = u16_at(record, 16).is_some_and(|flags| flags & HIDDEN != 0 && flags & OUTLINE == 0);
            if let (true, Some(first), Some(last)) = (hidden, u32_at(record, 0), u32_at(record, 4)) {
                looks.columns.hide(first, last);
            }
        }
        record::FILTERED => looks.filtered = true,
        record::SHORT_NUMBER | record::NUMBER | record::FORMULA => {
            const FORMAT_BITS: u32 = 0x00ff_ffff;
            let format = u32_at(record, 4).map(|format| (format & FORMAT_BITS) as usize);
            if let (Some(column), Some(Shown::Percent(decimals))) =
                (u32_at(record, 0), format.and_then(|format| formats.get(format)))
                && looks.percents.len() < MAX_NOTED
            {
                looks.percents.insert((looks.row, column), *decimals);
            }
        }
        _ => {}
    }
}

/// Returns how each format of the cells shows its number.
fn formats(styles: &[u8]) -> Vec<Shown> {
    let mut own: HashMap<u16, Shown> = HashMap::new();
    let (mut formats, mut within) = (Vec::new(), false);
    for (kind, record) in Records(styles) {
        match kind {
            record::FORMAT => {
                let code = wide(record.get(2..).unwrap_or_default());
                let shown = code.map(|(code, _)| of_code(&code)).unwrap_or_default();
                own.extend(u16_at(record, 0).map(|id| (id, shown)));
            }
            record::BEGIN_LOOKS => within = true,
            record::END_LOOKS => within = false,
            record::LOOK if within => {
                let id = u16_at(record, 2).unwrap_or(0);
                let usual = || of_number(&id.to_string());
                formats.push(own.get(&id).copied().unwrap_or_else(usual));
            }
            _ => {}
        }
    }
    formats
}

/// Reads a text behind its length, and returns what follows it.
fn wide(bytes: &[u8]) -> Option<(String, &[u8])> {
    let length = (u32_at(bytes, 0)? as usize).checked_mul(2)?;
    let end = length.checked_add(4)?;
    let letters = bytes.get(4..end)?;
    Some((super::super::ole::utf16(letters), &bytes[end..]))
}

/// The records that follow one another: number and length in seven bits a byte.
struct Records<'a>(&'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = (u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let mut number = |most: u32| {
            let mut value = 0_u32;
            for at in 0..most {
                let (byte, rest) = self.0.split_first()?;
                self.0 = rest;
                value |= u32::from(byte & 0x7f) << (7 * at);
                if byte & 0x80 == 0 {
                    break;
                }
            }
            Some(value)
        };
        let (kind, length) = (number(2)?, number(4)? as usize);
        let record = self.0.get(..length)?;
        self.0 = &self.0[length..];
        Some((kind, record))
    }
}
