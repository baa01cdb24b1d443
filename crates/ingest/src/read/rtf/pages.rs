//! The code pages of RTF: by number, by the character set of a font, and by the bytes when both lie.

use encoding_rs::{Encoding, MACINTOSH, X_MAC_CYRILLIC};

/// Tells whether bytes said to be western are Cyrillic: most letters lie where the west has accented ones.
pub(super) fn looks_cyrillic(raw: &[u8]) -> bool {
    let high = raw
        .iter()
        .filter(|byte| **byte >= 0xc0 || matches!(byte, 0xa8 | 0xb8))
        .count();
    let low = raw.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    high > low && high > 1
}

/// Returns a code page by its Windows number.
pub(super) fn page(number: i32) -> Option<&'static Encoding> {
    match number {
        866 => Encoding::for_label(b"ibm866"),
        10_007 => Some(X_MAC_CYRILLIC),
        10_000 => Some(MACINTOSH),
        20_866 => Encoding::for_label(b"koi8-r"),
        21_866 => Encoding::for_label(b"koi8-u"),
        65_001 => Encoding::for_label(b"utf-8"),
        932 => Encoding::for_label(b"shift_jis"),
        936 => Encoding::for_label(b"gbk"),
        949 => Encoding::for_label(b"euc-kr"),
        950 => Encoding::for_label(b"big5"),
        _ => Encoding::for_label(format!("windows-{number}").as_bytes()),
    }
}

/// The code page of a character set, by the list in the RTF specification.
pub(super) fn of_charset(charset: i32) -> Option<&'static Encoding> {
    match charset {
        204 => page(1251),
        238 => page(1250),
        128 => page(932),
        129 => page(949),
        134 => page(936),
        136 => page(950),
        163 => page(1258),
        177 => page(1255),
        178 => page(1256),
        222 => page(874),
        161 => page(1253),
        162 => page(1254),
        186 => page(1257),
        255 => page(866),
        89 => page(10_007),
        77 => page(10_000),
        // 0 and 1 say «as in the header».
        _ => None,
    }
}
