//! Data files.

use super::Finding;
use crate::data::{Places, mnist};
use crate::error::ExitCode;

const TOPIC: &str = "data";

/// MNIST: where it is, and whether it is sound.
pub fn check() -> Vec<Finding> {
    let places = Places::from_env();
    if !mnist::have_images(&places) {
        return vec![Finding::note(
            TOPIC,
            "MNIST is not here; `dataset: auto` draws digits itself",
            "run `ablate data fetch mnist` where there is a network, or set ABLATE_DATA_DIR",
        )];
    }
    let mut lacking = false;
    for file in mnist::files() {
        match mnist::state(&file, &places) {
            Ok(mnist::State::Good(_)) => {}
            Ok(mnist::State::Missing(_)) => lacking = true,
            Ok(mnist::State::Damaged(error)) | Err(error) => {
                let mend = "`ablate data verify mnist` shows all; remove it and run `ablate data fetch mnist`";
                return vec![Finding::problem(
                    TOPIC,
                    ExitCode::BadData,
                    first_line(&error),
                    mend,
                )];
            }
        }
    }
    vec![if lacking {
        Finding::note(
            TOPIC,
            "MNIST's images are here and as published, but not all label files",
            "`task: classify` needs them: run `ablate data fetch mnist`",
        )
    } else {
        let found = "MNIST is here, images and labels, and its content is as published";
        Finding::ok(TOPIC, found)
    }]
}

fn first_line(error: &crate::Error) -> String {
    error
        .to_string()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}
