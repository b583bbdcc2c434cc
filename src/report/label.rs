//! Names of arms and values as people read them, and text from a record made harmless.

use crate::record::schema::{CONTROL, NO_CONTROL};
use serde_json::Value;
use std::borrow::Cow;

/// The label of an arm: every axis without its section, with its value: `skip.at [14] · depth 2`. That it is no control is
/// not said.
pub fn arm(axes: &[String], values: &[String]) -> String {
    let part = |(axis, text): (&String, &String)| format!("{} {}", short(axes, axis), value(text));
    let told = |(axis, text): &(&String, &String)| is_told(axis, text);
    let parts: Vec<String> = axes.iter().zip(values).filter(told).map(part).collect();
    if parts.is_empty() {
        "base".into()
    } else {
        parts.join(" · ")
    }
}

/// The name of one axis: without its section, where that names no other axis too.
pub fn axis(axes: &[String], axis: usize) -> String {
    short(axes, &axes[axis])
}

/// Whether a name of an arm says this value of an axis.
pub(super) fn is_told(axis: &str, json: &str) -> bool {
    axis != CONTROL || json != NO_CONTROL
}

/// A JSON text as it is written in YAML: text without quotes; `null`, a field without effect, as a dash.
pub fn value(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(Value::String(text)) => visible(&text).into_owned(),
        Ok(Value::Null) => "–".into(),
        Ok(Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(|item| value(&item.to_string())).collect();
            format!("[{}]", items.join(", "))
        }
        Ok(Value::Number(number)) if number.is_f64() => {
            number.as_f64().map_or_else(|| json.into(), shortest)
        }
        _ => visible(json).into_owned(),
    }
}

/// With an exponent only what is longer without one, and long: `0.01`, `60000`, `1e6`.
fn shortest(number: f64) -> String {
    let (plain, power) = (format!("{number}"), format!("{number:e}"));
    if plain.len() <= power.len().max(6) {
        plain
    } else {
        power
    }
}

/// The axis without its first part, where that names no other axis too.
pub(super) fn short(axes: &[String], axis: &str) -> String {
    let tail = |path: &str| path.split_once('.').map(|(_, tail)| tail.to_owned());
    let Some(name) = tail(axis) else {
        return visible(axis).into_owned();
    };
    let alike = |other: &&String| tail(other).as_ref() == Some(&name) || **other == name;
    if axes.iter().filter(alike).count() > 1 {
        visible(axis).into_owned()
    } else {
        visible(&name).into_owned()
    }
}

/// One line of text in which nothing acts: control and direction marks are written out, as `⟨U+202E⟩`.
/// They could drive a terminal or make a name read as another.
pub fn visible(text: &str) -> Cow<'_, str> {
    replace(text, acts)
}

/// Text of several lines as one, for a heading.
pub fn sentence(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    visible(&words.join(" ")).into_owned()
}

/// As [`visible`], but lines and tabs stay: for the YAML.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    replace(text, |c| acts(c) && c != '\n' && c != '\t')
}

/// Whether a character acts instead of being shown.
pub(super) fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn replace(text: &str, acts: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&acts) {
        return Cow::Borrowed(text);
    }
    let write = |c: char| match acts(c) {
        true => format!("⟨U+{:04X}⟩", u32::from(c)),
        false => c.to_string(),
    };
    Cow::Owned(text.chars().map(write).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_of_several_lines_is_one_sentence() {
        assert_eq!(
            sentence(" Does it\n  help,\tand\u{202e} why? \n"),
            "Does it help, and⟨U+202E⟩ why?"
        );
    }

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.into()).collect()
    }

    #[test]
    fn labels_leave_out_the_section_unless_two_axes_would_look_alike() {
        let axes = strings(&["model.skip.at", "model.depth"]);
        assert_eq!(
            arm(&axes, &strings(&["[14,28]", "2"])),
            "skip.at [14, 28] · depth 2"
        );
        let axes = strings(&["noise.kind", "optimizer.kind", "task"]);
        assert_eq!(
            arm(&axes, &strings(&["\"gaussian\"", "null", "\"denoise\""])),
            "noise.kind gaussian · optimizer.kind – · task denoise"
        );
        assert_eq!(arm(&[], &[]), "base");
        let axes = strings(&["model.depth", "control"]);
        assert_eq!(arm(&axes, &strings(&["2", "\"none\""])), "depth 2");
        assert_eq!(
            arm(&axes, &strings(&["2", "\"zero_skip\""])),
            "depth 2 · control zero_skip"
        );
    }

    #[test]
    fn numbers_are_written_as_short_as_they_read() {
        let texts = [
            "1000000.0",
            "0.01",
            "0.0003",
            "1e-7",
            "-0.5",
            "2.0",
            "60000",
        ];
        let shown = ["1e6", "0.01", "0.0003", "1e-7", "-0.5", "2", "60000"];
        assert_eq!(texts.map(value), shown);
        assert_eq!(value("[0.5,1000000.0]"), "[0.5, 1e6]");
    }

    #[test]
    fn marks_that_act_are_written_out() {
        assert_eq!(
            visible("a\u{202e}b\0\u{1b}[2J"),
            "a⟨U+202E⟩b⟨U+0000⟩⟨U+001B⟩[2J"
        );
        assert_eq!(visible_lines("a:\n\tb\r"), "a:\n\tb⟨U+000D⟩");
        assert!(matches!(visible("plain ünïcode"), Cow::Borrowed(_)));
    }
}
