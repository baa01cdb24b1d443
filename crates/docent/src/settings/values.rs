//! How single values of `docent.toml` are read and written: sizes, times, counts, and the word for a limit that is lifted.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use toml::de::DeValue;

use super::Read;

#[expect(clippy::unnecessary_wraps, reason = "the shape that `Key::show` has")]
pub(super) fn quoted(value: impl std::fmt::Display) -> Option<String> {
    Some(toml::Value::String(value.to_string()).to_string())
}

/// Writes a size in the largest unit that holds it exactly.
pub(super) fn size(bytes: usize) -> Option<String> {
    match bytes {
        usize::MAX => quoted(OFF),
        _ if bytes.is_multiple_of(1 << 20) => quoted(format!("{} MiB", bytes >> 20)),
        _ if bytes.is_multiple_of(1 << 10) => quoted(format!("{} KiB", bytes >> 10)),
        _ => quoted(format!("{bytes} B")),
    }
}

pub(super) fn span(time: Duration) -> Option<String> {
    match time {
        Duration::MAX => quoted(OFF),
        time => quoted(humantime::format_duration(time)),
    }
}

/// The same in days, where it is so many: `humantime` would make two months and a rest of ninety.
pub(super) fn days(time: Duration) -> Option<String> {
    const DAY: u64 = 24 * 60 * 60;
    match time.as_secs() {
        seconds if time != Duration::MAX && seconds > 0 && seconds.is_multiple_of(DAY) => {
            quoted(format!("{}d", seconds / DAY))
        }
        _ => span(time),
    }
}

pub(super) fn number(limit: usize) -> Option<String> {
    match limit {
        usize::MAX => quoted(OFF),
        limit => Some(limit.to_string()),
    }
}

/// The same for a count of 32 bits.
pub(super) fn small_number(limit: u32) -> Option<String> {
    match limit {
        u32::MAX => quoted(OFF),
        limit => Some(limit.to_string()),
    }
}

pub(super) fn rate(limit: Option<u32>) -> Option<String> {
    limit.map_or_else(|| quoted(OFF), |rate| Some(rate.to_string()))
}

/// How a limit that is lifted is written.
pub(super) const OFF: &str = "off";

pub(super) fn is_off(value: &DeValue<'_>) -> bool {
    value.as_str() == Some(OFF)
}

pub(super) fn text<T: std::str::FromStr>(
    value: &DeValue<'_>,
    place: &mut T,
    expected: &'static str,
) -> Read<'static> {
    *place = value
        .as_str()
        .and_then(|text| text.parse().ok())
        .ok_or(expected)?;
    Ok(())
}

pub(super) fn count<T: TryFrom<u32>>(value: &DeValue<'_>, place: &mut T) -> Read<'static> {
    let read = value
        .as_integer()
        .and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
    let above = read
        .filter(|&number| number > 0)
        .and_then(|number| T::try_from(number).ok());
    *place = above.ok_or("a whole number above 0")?;
    Ok(())
}

/// Reads a count that may be lifted.
pub(super) fn limit(value: &DeValue<'_>, place: &mut usize) -> Read<'static> {
    if is_off(value) {
        *place = usize::MAX;
        return Ok(());
    }
    count(value, place).map_err(|_| "a whole number above 0, or \"off\"")
}

/// The same for a count of 32 bits.
pub(super) fn small_limit(value: &DeValue<'_>, place: &mut u32) -> Read<'static> {
    if is_off(value) {
        *place = u32::MAX;
        return Ok(());
    }
    count(value, place).map_err(|_| "a whole number above 0, or \"off\"")
}

/// Reads a rate that may be lifted.
pub(super) fn pace(value: &DeValue<'_>, place: &mut Option<u32>) -> Read<'static> {
    *place = if is_off(value) {
        None
    } else {
        let mut rate = 0;
        count(value, &mut rate).map_err(|_| "a whole number above 0, or \"off\"")?;
        Some(rate)
    };
    Ok(())
}

/// Reads the path of a file.
pub(super) fn file(value: &DeValue<'_>, place: &mut Option<PathBuf>) -> Read<'static> {
    let path = value.as_str().filter(|path| !path.is_empty());
    *place = Some(path.ok_or("a path, like \"/etc/docent/key.pem\"")?.into());
    Ok(())
}

pub(super) fn bytes(value: &DeValue<'_>, place: &mut usize) -> Read<'static> {
    if is_off(value) {
        *place = usize::MAX;
        return Ok(());
    }
    let read = value.as_str().and_then(|text| text.parse::<ByteSize>().ok());
    let size = read
        .and_then(|size| usize::try_from(size.as_u64()).ok())
        .filter(|&size| size > 0);
    *place = size.ok_or("a size above 0, like \"64 KiB\", or \"off\"")?;
    Ok(())
}

pub(super) fn time(value: &DeValue<'_>, place: &mut Duration) -> Read<'static> {
    if is_off(value) {
        *place = Duration::MAX;
        return Ok(());
    }
    let read = value
        .as_str()
        .and_then(|text| humantime::parse_duration(text).ok());
    *place = read
        .filter(|time| !time.is_zero())
        .ok_or("a time above 0, like \"20s\" or \"1m 30s\", or \"off\"")?;
    Ok(())
}

pub(super) fn truth(value: &DeValue<'_>, place: &mut bool) -> Read<'static> {
    *place = value.as_bool().ok_or("true or false")?;
    Ok(())
}
