//! Words of other people on a terminal: axis values, paths, messages of programs.

/// One line that can neither move the cursor nor turn the writing round: other characters are shown as `·`.
pub fn harmless(text: &str) -> String {
    let shown = |c: char| {
        let plain = matches!(c, '"' | '\'' | '\\') || c.escape_debug().len() == 1;
        if c == '\t' {
            ' '
        } else if plain {
            c
        } else {
            '·'
        }
    };
    text.chars().map(shown).collect()
}

/// As [`harmless`], line by line; lines stay lines.
pub fn harmless_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(harmless).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_writing_marks_are_shown_as_dots() {
        assert_eq!(harmless("a\u{1b}[31m\u{202e}b\t\"é\""), "a·[31m·b \"é\"");
        assert_eq!(harmless("a\nb"), "a·b");
        assert_eq!(harmless_lines("a\u{1b}\nb\r\n"), "a·\nb");
    }
}
