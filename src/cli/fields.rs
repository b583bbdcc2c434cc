//! `ablate fields`.

use crate::config::{FIELDS, TrialConfig};
use crate::error::{ExitCode, Result};
use comfy_table::{Table, presets};
use std::io::Write as _;

/// Arguments of `ablate fields`.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_args: &Args) -> Result<ExitCode> {
    let defaults = TrialConfig::default();
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["field", "default", "takes", "is"]);
    for field in FIELDS.iter() {
        let mut default = String::new();
        (field.write)(&defaults, &mut default);
        let default = match default.as_str() {
            "null" => "none",
            text => text.trim_matches('"'),
        };
        table.add_row([field.path, default, &(field.expected)(), field.doc]);
    }
    // A reader that left early (`| head`) has seen enough.
    let _ = writeln!(std::io::stdout(), "{table}");
    Ok(ExitCode::Done)
}
