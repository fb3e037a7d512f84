//! Amounts for people.

use std::time::Duration;

/// With commas: `12,345`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// In three or four characters and a unit: `812 B`, `1.5 MiB`.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut amount, mut unit) = (bytes as f64, 0);
    while amount >= 1023.95 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{amount:.1} {}", UNITS[unit]) }
}

/// In its two largest units: `3d 4h`, `2m 5s`, `0.2s`.
pub(super) fn time(seconds: f64) -> String {
    if seconds < 10.0 {
        return format!("{:.1}s", seconds.max(0.0));
    }
    let seconds = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX).as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

/// Per second: `0`, `0.3`, `42`, `12,345`.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, and never below 0")]
pub(super) fn rate(per_second: f64) -> String {
    if per_second <= 0.0 {
        "0".to_owned()
    } else if per_second < 9.95 {
        format!("{:.1}", per_second.max(0.1))
    } else {
        count(per_second.round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short_and_have_their_unit() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [0, 1_023, 1_024, 1_048_575, 10 << 30].map(bytes),
            ["0 B", "1023 B", "1.0 KiB", "1.0 MiB", "10.0 GiB"]
        );
        assert_eq!(
            [0.0, 0.24, 59.0, 125.0, 7_325.0, 273_600.0].map(time),
            ["0.0s", "0.2s", "59s", "2m 5s", "2h 2m", "3d 4h"]
        );
        assert_eq!([0.0, 0.01, 0.34, 42.4, 12_345.0].map(rate), ["0", "0.1", "0.3", "42", "12,345"]);
    }
}
