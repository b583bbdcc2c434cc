//! `ablate`: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ablate::cli::main().into()
}
