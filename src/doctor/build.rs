//! This program: what it was built with.

use super::Finding;

const TOPIC: &str = "build";

/// What this binary is.
pub fn check() -> Vec<Finding> {
    let optimised = if cfg!(debug_assertions) {
        "dev"
    } else {
        "release"
    };
    let found = format!(
        "ablate {} ({}), {optimised} profile, features: {}",
        env!("CARGO_PKG_VERSION"),
        env!("ABLATE_GIT_REV"),
        features()
    );
    vec![if cfg!(debug_assertions) {
        Finding::note(
            TOPIC,
            found,
            "it checks itself as it trains; build with --release for speed",
        )
    } else {
        Finding::ok(TOPIC, found)
    }]
}

fn features() -> String {
    let all = [("hdf5-static", cfg!(feature = "hdf5-static"))];
    let on: Vec<_> = all
        .iter()
        .filter(|(_, on)| *on)
        .map(|(name, _)| *name)
        .collect();
    if on.is_empty() {
        "none".into()
    } else {
        on.join(", ")
    }
}
