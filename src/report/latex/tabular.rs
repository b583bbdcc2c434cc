//! Tables as LaTeX writes them, and text in which nothing acts.

use crate::report::label;

/// A table as text, not yet escaped.
pub struct Table {
    /// Names of the columns.
    pub headings: Vec<String>,
    /// How many columns name what a row is about: on the left, the others on the right.
    pub names: usize,
    /// Cells.
    pub rows: Vec<Vec<String>>,
}

/// A floating table with a caption and a label.
pub fn float(sweep: &str, what: &str, caption: &str, tabular: &str) -> String {
    let (key, caption) = (key(sweep), escape(caption));
    format!(
        "\\begin{{table}}[tbp]\n\\centering\n\\caption{{{caption}}}\n\\label{{tab:{key}-{what}}}\n\
         \\smallskip\\footnotesize\\setlength{{\\tabcolsep}}{{4pt}}\n\
         \\resizebox{{\\ifdim\\width>\\linewidth \\linewidth\\else\\width\\fi}}{{!}}{{{tabular}}}\n\\end{{table}}"
    )
}

impl Table {
    /// The table in LaTeX, every cell escaped.
    pub fn tabular(&self) -> String {
        let places = "l".repeat(self.names) + &"r".repeat(self.headings.len() - self.names);
        let rows: Vec<String> = self.rows.iter().map(|row| line(row)).collect();
        format!(
            "\\begin{{tabular}}{{@{{}}{places}@{{}}}}\n\\toprule\n{}\n\\midrule\n{}\n\\bottomrule\n\\end{{tabular}}",
            line(&self.headings),
            rows.join("\n")
        )
    }
}

fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
    let cells = cells.join(" & ");
    // After `\\` a bracket or a star would be its argument.
    let guard = if cells.starts_with(['[', '*']) {
        "{}"
    } else {
        ""
    };
    format!("{guard}{cells} \\\\")
}

/// A name that `\label` and `\ref` take.
fn key(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    name.chars().take(60).map(plain).collect()
}

/// Text that LaTeX sets as it reads here. What pdflatex has no glyph for is written out, as `⟨U+4E2D⟩`.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in label::visible(text).chars() {
        match c {
            '{' | '}' | '$' | '&' | '#' | '_' | '%' => out.extend(['\\', c]),
            '\\' => out.push_str("\\textbackslash{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '<' => out.push_str("$<$"),
            '>' => out.push_str("$>$"),
            '|' => out.push_str("$|$"),
            // Active in some languages, or part of a ligature.
            '"' | '`' => out.push_str(&format!("\\symbol{{{}}}", u32::from(c))),
            '-' | '\'' | ',' if before == c => out.extend(['{', '}', c]),
            ' '..='\u{7e}' => out.push(c),
            '−' => out.push_str("$-$"),
            '±' => out.push_str("$\\pm$"),
            '×' => out.push_str("$\\times$"),
            '·' => out.push_str("$\\cdot$"),
            'Δ' => out.push_str("$\\Delta$"),
            '→' => out.push_str("$\\rightarrow$"),
            '≤' => out.push_str("$\\leq$"),
            '≥' => out.push_str("$\\geq$"),
            '⟨' => out.push_str("$\\langle$"),
            '⟩' => out.push_str("$\\rangle$"),
            '–' => out.push_str("--"),
            '…' => out.push_str("\\ldots{}"),
            // Letters of Latin-1 that the default encoding can build.
            'À'..='ÿ' if !matches!(c, 'Ð' | 'ð' | 'Þ' | 'þ' | '÷') => out.push(c),
            _ => out.push_str(&format!("$\\langle$U+{:04X}$\\rangle$", u32::from(c))),
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the ten special characters of TeX (The TeXbook, chapter 7), each as LaTeX's documentation writes it.
    #[test]
    fn nothing_in_a_name_acts() {
        assert_eq!(
            escape(r"\input{x} a_b^c~d 50%&#$"),
            r"\textbackslash{}input\{x\} a\_b\textasciicircum{}c\textasciitilde{}d 50\%\&\#\$"
        );
        assert_eq!(escape("<|>\"`"), r"$<$$|$$>$\symbol{34}\symbol{96}");
        assert_eq!(escape("a--b''"), "a-{}-b'{}'", "no ligatures");
        assert_eq!(
            escape("日\u{202e}\0"),
            "$\\langle$U+65E5$\\rangle$$\\langle$U+202E$\\rangle$$\\langle$U+0000$\\rangle$"
        );
        assert_eq!(escape("größe þ"), "größe $\\langle$U+00FE$\\rangle$");
    }

    #[test]
    fn numbers_keep_their_signs() {
        assert_eq!(escape("0.1652 ± 0.0021"), "0.1652 $\\pm$ 0.0021");
        assert_eq!(escape("[−0.0151, +0.0102]"), "[$-$0.0151, +0.0102]");
    }

    #[test]
    fn a_row_that_starts_with_a_bracket_is_no_argument() {
        let row = ["[14]", "[28]"].map(String::from);
        assert_eq!(line(&row), "{}[14] & [28] \\\\");
        assert_eq!(line(&["*".into()]), "{}* \\\\");
    }

    #[test]
    fn labels_are_plain() {
        assert_eq!(key("skip_vs\\no{skip}"), "skip-vs-no-skip-");
    }
}
