//! What is wrong with a sweep file, said so that it can be mended: place, path, problem, what was expected,
//! the line itself with a caret, and the nearest right word.

use crate::error::Error;
use crate::harmless::harmless;
use std::fmt::Write as _;

/// A position in the text, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl Place {
    /// The beginning of the file.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where.
    pub place: Place,
    /// The field's path, or empty.
    pub path: String,
    /// What is wrong.
    pub problem: String,
    /// What would have been right.
    pub expected: String,
    /// A word that was probably meant.
    pub meant: Option<String>,
}

impl Diagnostic {
    /// Without "did you mean".
    pub fn new(
        place: Place,
        path: impl Into<String>,
        problem: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self {
            place,
            path: path.into(),
            problem: problem.into(),
            expected: expected.into(),
            meant: None,
        }
    }

    /// Adds the nearest of the right words, if one is near.
    pub fn near<'a>(mut self, written: &str, words: impl IntoIterator<Item = &'a str>) -> Self {
        self.meant = nearest(written, words);
        self
    }
}

/// Most diagnostics shown of one file.
const SHOWN: usize = 20;

/// Everything that is wrong with a file, as one error.
pub fn error(file: &str, text: &str, mut found: Vec<Diagnostic>) -> Error {
    found.sort_by_key(|diagnostic| diagnostic.place);
    let mut out = String::new();
    for (index, diagnostic) in found.iter().take(SHOWN).enumerate() {
        if index > 0 {
            out.push('\n');
        }
        render(file, text, diagnostic, &mut out);
    }
    if found.len() > SHOWN {
        let _ = write!(out, "\n… and {} more", found.len() - SHOWN);
    }
    Error::Sweep(out)
}

fn render(file: &str, text: &str, diagnostic: &Diagnostic, out: &mut String) {
    let Diagnostic {
        place: Place { line, column },
        path,
        problem,
        expected,
        meant,
    } = diagnostic;
    let _ = write!(out, "{}:{line}:{column}: ", harmless(file));
    if !path.is_empty() {
        let _ = write!(out, "{}: ", shorten(path));
    }
    let _ = write!(out, "{problem}; expected {expected}");
    if let Some(source) = text.lines().nth(line - 1) {
        let (window, caret) = crop(source, *column);
        let _ = write!(out, "\n{line:5} | {window}\n      | {:caret$}^", "");
    }
    if let Some(word) = meant {
        let _ = write!(out, "\n  did you mean `{word}`?");
    }
}

/// At most this many characters of a line are shown.
const WINDOW: usize = 100;

/// The part of a line around a column, and the caret's distance from its left edge.
fn crop(line: &str, column: usize) -> (String, usize) {
    let caret = column - 1;
    let start = caret.saturating_sub(WINDOW / 2);
    let start = if line.chars().nth(WINDOW).is_none() {
        0
    } else {
        start
    };
    let window: String = line.chars().skip(start).take(WINDOW).collect();
    (harmless(window.trim_end()), (caret - start).min(WINDOW))
}

/// Something the user wrote, harmless, in quotes and not longer than a line.
pub fn quote(text: &str) -> String {
    format!("\"{}\"", shorten(text))
}

fn shorten(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short = harmless(&text.chars().take(LONGEST).collect::<String>());
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

/// The word nearest to what was written, when it is near enough to be meant: also right when only the last parts
/// of a path were written.
pub fn nearest<'a>(written: &str, words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    if written.is_empty() || written.len() > 200 {
        return None;
    }
    let distance = |word: &str| {
        let whole = strsim::osa_distance(written, word);
        let before = word.strip_suffix(written);
        if before.is_some_and(|before| before.ends_with('.')) {
            return 1;
        }
        match word.rsplit_once('.') {
            // One worse than the same word whole.
            Some((_, last)) if !written.contains('.') => {
                whole.min(1 + strsim::osa_distance(written, last))
            }
            _ => whole,
        }
    };
    let allowed = 1 + written.chars().count() / 4;
    words
        .into_iter()
        .map(|word| (distance(word), word))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, word)| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered_only_when_it_is_near() {
        let words = ["train.lr", "train.epochs", "model.depth"];
        assert_eq!(
            nearest("train.epoch", words).as_deref(),
            Some("train.epochs")
        );
        assert_eq!(nearest("depth", words).as_deref(), Some("model.depth"));
        assert_eq!(nearest("banana", words), None);
        let path = "model.skip.at";
        assert_eq!(nearest("skip.at", [path]).as_deref(), Some(path));
    }

    #[test]
    fn a_line_of_a_megabyte_is_cropped_around_the_caret() {
        let line = format!("{}X{}", "a".repeat(500_000), "b".repeat(500_000));
        let (window, caret) = crop(&line, 500_001);
        assert_eq!(window.chars().count(), WINDOW);
        assert_eq!(window.chars().nth(caret), Some('X'));
    }
}
