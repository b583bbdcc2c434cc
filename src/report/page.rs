//! The page's frame: templates, styles and scripts put together into one file that only runs its own scripts.

use crate::error::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Value};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// The names end in .html: everything in them is escaped that is not marked safe.
const TEMPLATES: [(&str, &str); 13] = [
    ("report.html", include_str!("assets/report.html")),
    ("macros.html", include_str!("assets/sections/macros.html")),
    (
        "comparison.html",
        include_str!("assets/sections/comparison.html"),
    ),
    ("effects.html", include_str!("assets/sections/effects.html")),
    ("curves.html", include_str!("assets/sections/curves.html")),
    ("pareto.html", include_str!("assets/sections/pareto.html")),
    (
        "pictures.html",
        include_str!("assets/sections/pictures.html"),
    ),
    (
        "timesteps.html",
        include_str!("assets/sections/timesteps.html"),
    ),
    ("uses.html", include_str!("assets/sections/uses.html")),
    ("changes.html", include_str!("assets/sections/changes.html")),
    ("packing.html", include_str!("assets/sections/packing.html")),
    ("trials.html", include_str!("assets/sections/trials.html")),
    (
        "provenance.html",
        include_str!("assets/sections/provenance.html"),
    ),
];

/// uPlot 1.6.32, MIT; see assets/uplot/README.md. Then the page's own.
const STYLES: [&str; 2] = [
    include_str!("assets/uplot/uPlot.min.css"),
    include_str!("assets/report.css"),
];

const SCRIPTS: [&str; 2] = [
    include_str!("assets/uplot/uPlot.iife.min.js"),
    concat!(
        include_str!("assets/js/page.js"),
        include_str!("assets/js/chart.js"),
        include_str!("assets/js/curves.js"),
        include_str!("assets/js/lines.js"),
        include_str!("assets/js/pareto.js"),
        include_str!("assets/js/pictures.js"),
        include_str!("assets/js/trials.js"),
        include_str!("assets/js/start.js"),
    ),
];

/// Writes the page with this content.
///
/// # Errors
/// Only such as the code rules out: the templates are part of the program.
pub fn render(page: &impl Serialize) -> Result<String> {
    rendered(page).map_err(|error| Error::Internal(format!("report.html: {error:#}")))
}

fn rendered(page: &impl Serialize) -> std::result::Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder();
    environment.set_syntax({
        let mut syntax = syntax;
        syntax.trim_blocks(true).lstrip_blocks(true);
        syntax.build()?
    });
    environment.add_filter("data", data);
    environment.add_global("styles", Serde(STYLES));
    environment.add_global("scripts", Serde(SCRIPTS));
    let hashes = SCRIPTS.map(|script| BASE64.encode(Sha256::digest(script)));
    environment.add_global("script_hashes", Serde(hashes));
    for (name, text) in TEMPLATES {
        environment.add_template(name, text)?;
    }
    environment.get_template("report.html")?.render(Serde(page))
}

/// JSON that can stand in a script element: no `<` can end it.
fn data(value: &Value) -> std::result::Result<Value, minijinja::Error> {
    let invalid =
        |error| minijinja::Error::new(minijinja::ErrorKind::BadSerialization, format!("{error}"));
    let text = serde_json::to_string(value).map_err(invalid)?;
    Ok(Value::from_safe_string(text.replace('<', "\\u003c")))
}
