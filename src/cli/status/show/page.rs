//! Text that fits where it is shown. Pure.

use crate::harmless::harmless;

/// Where a view is shown.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Characters in a line.
    pub columns: usize,
    /// Lines; `None`: as many as it takes.
    pub rows: Option<usize>,
    /// Whether lines of a chart have colours.
    pub ink: Ink,
}

/// Whether there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// There are none.
    Plain,
    /// A terminal shows them.
    Colour,
}

impl Page {
    /// Where lines end. Where there are as many lines as it takes, a terminal may break them.
    pub fn edge(&self) -> usize {
        self.rows.map_or(usize::MAX, |_| self.columns)
    }

    /// A text in a foreground of ECMA-48.
    pub fn paint(&self, text: &str, colour: Option<u8>) -> String {
        match colour.filter(|_| self.ink == Ink::Colour) {
            Some(colour) => format!("\x1b[{colour}m{text}\x1b[39m"),
            None => text.to_owned(),
        }
    }
}

/// At most so many characters of a text.
pub fn cut(text: &str, columns: usize) -> String {
    match text.char_indices().nth(columns) {
        None => text.to_owned(),
        Some(_) => {
            let kept = text.chars().take(columns.saturating_sub(1));
            kept.chain(['…']).collect()
        }
    }
}

/// Every line of a text, harmless.
pub fn lines(text: &str, shape: impl Fn(&str) -> String) -> String {
    let lines = text
        .lines()
        .map(|line| shape(&harmless(line.trim_end())) + "\n");
    lines.collect()
}

/// A line, broken between words.
pub fn wrap(line: &str, columns: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for word in line.split(' ') {
        let length = word.chars().count();
        let fits = used + 1 + length <= columns;
        match (used, fits) {
            (0, _) => {}
            (_, true) => out.push(' '),
            (_, false) => out.push('\n'),
        }
        used = if used > 0 && fits {
            used + 1 + length
        } else {
            length
        };
        out += word;
    }
    out
}

/// The first lines, when there is no room for all; how many are left out stands in the last one.
pub fn fit(text: &str, rows: Option<usize>) -> String {
    let all: Vec<_> = text.lines().collect();
    let Some(rows) = rows.filter(|rows| all.len() > *rows) else {
        return text.to_owned() + "\n";
    };
    let kept = rows.saturating_sub(1);
    let mut out: String = all[..kept].iter().map(|line| format!("{line}\n")).collect();
    out += &format!("… {} more lines\n", all.len() - kept);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_cut_or_broken_between_words() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüx", 3), "äö…");
        assert_eq!(cut("ab", 0), "…");
        assert_eq!(wrap("one two three", 7), "one two\nthree");
        assert_eq!(wrap("one two three", 3), "one\ntwo\nthree");
        assert_eq!(wrap("", 3), "");
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        assert_eq!(fit("a\nb\nc", Some(3)), "a\nb\nc\n");
        assert_eq!(fit("a\nb\nc", Some(2)), "a\n… 2 more lines\n");
        assert_eq!(fit("a\nb\nc", None), "a\nb\nc\n");
    }
}
