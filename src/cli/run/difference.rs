//! What changed between two texts, line by line.

use crate::harmless::harmless;
use std::fmt::Write as _;

/// Most lines that are shown.
const SHOWN: usize = 40;

/// Most pairs of lines that are compared; beyond, all that lies between the first and the last change counts as changed.
const COMPARED: usize = 1_000_000;

/// The lines of `old` that are gone and those of `new` that came, as `diff` shows them.
pub(super) fn difference(old: &str, new: &str) -> String {
    let [old, new] = [old, new].map(|text| text.split('\n').collect::<Vec<_>>());
    let mut lines = changed(&old, &new);
    let more = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    let mut shown = String::new();
    for (sign, line) in lines {
        let start: String = line.chars().take(200).collect();
        let _ = writeln!(shown, "  {sign} {}", harmless(&start));
    }
    if more > 0 {
        let _ = writeln!(shown, "  … and {more} more lines");
    }
    shown
}

fn changed<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let start = alike(old.iter().zip(new));
    let (old, new) = (&old[start..], &new[start..]);
    let end = alike(old.iter().rev().zip(new.iter().rev()));
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
    let (gone, came) = (signed('-'), signed('+'));
    if old.len() * new.len() > COMPARED {
        return [gone(old), came(new)].concat();
    }
    // How many lines the rests of both have in common, one after the other.
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = match old[i] == new[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if common[i + 1][j] >= common[i][j + 1] {
            lines.push(('-', old[i]));
            i += 1;
        } else {
            lines.push(('+', new[j]));
            j += 1;
        }
    }
    [lines, gone(&old[i..]), came(&new[j..])].concat()
}

fn alike<'a>(pairs: impl Iterator<Item = (&'a &'a str, &'a &'a str)>) -> usize {
    pairs.take_while(|(a, b)| a == b).count()
}

fn signed<'a>(sign: char) -> impl Fn(&[&'a str]) -> Vec<(char, &'a str)> {
    move |lines| lines.iter().map(|line| (sign, *line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_came_and_went_are_shown_where_they_are() {
        let old = "name: x\nseeds: 2\ngrid:\n  a: 1\n  b: 2\n";
        assert_eq!(difference(old, old), "");
        let new = "name: x\nseeds: 3\ngrid:\n  a: 1\n  c: 4\n  b: 2\n";
        assert_eq!(
            difference(old, new),
            "  - seeds: 2\n  + seeds: 3\n  +   c: 4\n"
        );
        assert_eq!(
            difference(new, old),
            "  - seeds: 3\n  + seeds: 2\n  -   c: 4\n"
        );
        assert_eq!(difference("a", ""), "  - a\n  + \n");
        assert_eq!(difference("a\n", "a\r\n"), "  - a\n  + a·\n");
    }

    #[test]
    fn long_and_hostile_texts_stay_short_and_harmless() {
        let old: String = (0..5000).map(|line| format!("{line}\n")).collect();
        let new: String = (0..5000).map(|line| format!("\u{1b}[2J{line}\n")).collect();
        let shown = difference(&old, &new);
        assert_eq!(shown.lines().count(), SHOWN + 1);
        assert!(shown.ends_with("  … and 9960 more lines\n"), "{shown}");
        assert!(!difference("", &new).contains('\u{1b}'));
        assert!(difference("", &"x".repeat(5000)).len() < 300);
    }
}
