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
    let mut findings = vec![if cfg!(debug_assertions) {
        Finding::note(
            TOPIC,
            found,
            "it checks itself as it trains; build with --release for speed",
        )
    } else {
        Finding::ok(TOPIC, found)
    }];
    if !cfg!(feature = "mpi") {
        findings.push(Finding::note(
            TOPIC,
            "without MPI: `ablate run` is one process with workers; several jobs still share a sweep",
            "get MPI and libclang (README.md, \"Building there\") and build with --features mpi",
        ));
    }
    findings
}

fn features() -> String {
    let all = [
        ("mpi", cfg!(feature = "mpi")),
        ("hdf5-static", cfg!(feature = "hdf5-static")),
        ("cuda", cfg!(feature = "cuda")),
    ];
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
