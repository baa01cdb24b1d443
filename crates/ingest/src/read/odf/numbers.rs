//! The numbers of lists as they are drawn.

/// Writes a number of a list in digits, letters or Roman numerals.
pub(super) fn number(value: u32, form: char) -> String {
    const ROMAN: [(u32, &str); 13] = [
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];
    let lower = match form.to_ascii_lowercase() {
        'i' if value < 4_000 => {
            let (mut left, mut text) = (value, String::new());
            for (worth, letters) in ROMAN {
                while left >= worth {
                    text.push_str(letters);
                    left -= worth;
                }
            }
            text
        }
        'a' if (1..=26).contains(&value) => char::from(b'a' + (value - 1) as u8).to_string(),
        'а' if (1..=28).contains(&value) => "абвгдежзиклмнопрстуфхцчшщэюя"
            .chars()
            .nth(value as usize - 1)
            .map_or_else(String::new, |letter| letter.to_string()),
        _ => value.to_string(),
    };
    if form.is_uppercase() {
        lower.to_uppercase()
    } else {
        lower
    }
}
