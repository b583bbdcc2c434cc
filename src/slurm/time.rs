//! Times as Slurm writes them.

use serde::{Deserialize, Deserializer, de};
use std::fmt;
use std::str::FromStr;

const DAY: u64 = 24 * 3600;

/// A time limit, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limit(u64);

impl Limit {
    /// So many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// In seconds.
    pub const fn as_seconds(self) -> u64 {
        self.0
    }

    /// In hours.
    pub fn hours(self) -> f64 {
        self.0 as f64 / 3600.0
    }

    /// How long before the end the script is told to save: three minutes, or a quarter of a short job.
    pub const fn warning(self) -> u64 {
        let quarter = self.0 / 4;
        if quarter < 180 { quarter } else { 180 }
    }
}

/// `HH:MM:SS`, or `D-HH:MM:SS` from a day on.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) = (self.0 / DAY, self.0 % DAY);
        // Two days are 48:00:00, as sites write them.
        let (days, hours) = match days {
            0..=2 => (0, self.0 / 3600),
            _ => (days, rest / 3600),
        };
        if days > 0 {
            write!(f, "{days}-")?;
        }
        write!(f, "{hours:02}:{:02}:{:02}", rest / 60 % 60, rest % 60)
    }
}

/// Minutes, `MM:SS`, `HH:MM:SS`, `D-HH`, `D-HH:MM` or `D-HH:MM:SS`, as sbatch reads them.
impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text).map(Self).ok_or_else(|| {
            "expected minutes, HH:MM:SS or D-HH:MM:SS, from one minute to 365 days".to_owned()
        })
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

fn parse(text: &str) -> Option<u64> {
    let (days, clock) = match text.split_once('-') {
        Some((days, clock)) => (Some(number(days)?), clock),
        None => (None, text),
    };
    let parts = clock.split(':').map(number).collect::<Option<Vec<u64>>>()?;
    let seconds = match (days, parts[..].as_ref()) {
        (None, [m]) => m * 60,
        (None, [m, s]) => m * 60 + s,
        (_, [h, m, s]) => h * 3600 + m * 60 + s,
        (Some(_), [h]) => h * 3600,
        (Some(_), [h, m]) => h * 3600 + m * 60,
        _ => return None,
    };
    let seconds = days.unwrap_or(0) * DAY + seconds;
    (60..=365 * DAY).contains(&seconds).then_some(seconds)
}

/// Up to six digits, and nothing else.
fn number(text: &str) -> Option<u64> {
    let digits = (1..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the list of formats in sbatch's manual.
    #[test]
    fn every_format_of_sbatch_is_read() {
        let read = |text: &str| text.parse::<Limit>().map(Limit::as_seconds);
        assert_eq!(read("30"), Ok(1800));
        assert_eq!(read("30:15"), Ok(1815));
        assert_eq!(read("02:30:00"), Ok(9000));
        assert_eq!(read("1-12"), Ok(36 * 3600));
        assert_eq!(read("1-12:30"), Ok(36 * 3600 + 1800));
        assert_eq!(read("7-00:00:00"), Ok(7 * DAY));
    }

    #[test]
    fn other_text_is_refused() {
        let long = "9".repeat(4096);
        for text in [
            "", "0", "-1", "1:2:3:4", "1h", " 30", "30\n", "9-9-9", "366-00", &long,
        ] {
            assert!(text.parse::<Limit>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for (seconds, text) in [
            (90, "00:01:30"),
            (48 * 3600, "48:00:00"),
            (7 * DAY, "7-00:00:00"),
            (3 * DAY + 3661, "3-01:01:01"),
            (2 * DAY + 3600, "49:00:00"),
        ] {
            assert_eq!(Limit(seconds).to_string(), text);
            assert_eq!(text.parse(), Ok(Limit(seconds)));
        }
    }

    #[test]
    fn a_short_job_keeps_most_of_its_time() {
        assert_eq!(Limit(120).warning(), 30);
        assert_eq!(Limit(3600).warning(), 180);
    }
}
