//! Check digits, each from its public definition. Every function takes ASCII digits of the right count.

/// Returns the digits as numbers.
fn digits(number: &str) -> impl Iterator<Item = u32> + Clone + '_ {
    number.bytes().map(|byte| u32::from(byte.wrapping_sub(b'0')))
}

fn weighed(number: &str, weights: &[u32]) -> u32 {
    digits(number)
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum()
}

fn last(number: &str) -> Option<u32> {
    digits(number).last()
}

/// The Luhn sum of payment cards (ISO/IEC 7812-1).
pub(super) fn luhn(number: &str) -> bool {
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            match place % 2 {
                0 => digit,
                _ if digit > 4 => digit * 2 - 9,
                _ => digit * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The IIN of Kazakhstan: a date of birth, century and sex, and a check digit modulo 11 with a second set of weights.
pub(super) fn iin(number: &str) -> bool {
    const FIRST: [u32; 11] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    const SECOND: [u32; 11] = [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2];
    let check = match weighed(number, &FIRST) % 11 {
        10 => weighed(number, &SECOND) % 11,
        check => check,
    };
    born(number) && last(number) == Some(check)
}

/// Tells whether twelve digits begin with a date and one of the digits that stand for century and sex.
fn born(number: &str) -> bool {
    let part = |range: std::ops::Range<usize>| number.get(range).and_then(|part| part.parse::<u32>().ok());
    matches!(part(2..4), Some(1..=12))
        && matches!(part(4..6), Some(1..=31))
        && matches!(part(6..7), Some(0..=6))
}

/// The SNILS of Russia: a check sum over nine digits, kept for numbers above 001-001-998.
pub(super) fn snils(number: &str) -> bool {
    let (Some(body), Some(check)) = (number.get(..9), number.get(9..11)) else {
        return false;
    };
    let sum = weighed(body, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100;
    body > "001001998" && check.parse() == Ok(sum)
}

/// The INN of a firm in Russia, ten digits.
pub(super) fn inn10(number: &str) -> bool {
    let check = weighed(number, &[2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10;
    !number.starts_with("00") && last(number) == Some(check)
}

/// The INN of a person in Russia, twelve digits.
pub(super) fn inn12(number: &str) -> bool {
    let first = weighed(number, &[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10;
    let second = weighed(number, &[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10;
    !number.starts_with("00") && number.get(10..) == Some(format!("{first}{second}").as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from public descriptions of each sum, and the same with one digit changed.
    #[test]
    fn right_digits_pass_and_one_wrong_digit_does_not() {
        let check = |sum: fn(&str) -> bool, number: &str| {
            assert!(sum(number), "{number}");
            for place in 0..number.len() {
                let mut other = number.as_bytes().to_vec();
                other[place] = b'0' + (other[place] - b'0' + 1) % 10;
                let other = String::from_utf8(other).unwrap();
                assert!(!sum(&other), "{other}");
            }
        };
        check(luhn, "4111111111111111");
        check(snils, "11223344595");
        check(inn10, "7830002293");
        check(inn12, "500100732259");
    }

    #[test]
    fn an_iin_wants_a_date_and_its_check_digit() {
        // 850101 3 0012: 1·8+2·5+3·0+4·1+5·0+6·1+7·3+8·0+9·0+10·1+11·2 = 81, 81 mod 11 = 4.
        assert!(iin("850101300124"));
        assert!(!iin("850101300125") && !iin("851301300124"));
    }
}
