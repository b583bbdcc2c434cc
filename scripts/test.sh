#!/usr/bin/env bash
# Runs the tests (no argument) or the long ones (argument: storm), with nextest where it is installed.
# Ends with the figures of the storms, and with what was skipped and why; tests note that in the files named by
# ABLATE_STORM_REPORT and ABLATE_SKIPPED.
set -euo pipefail
cd "$(dirname "$0")/.."
read -r -a features <<<"$(cat .setup/features 2>/dev/null || true)"
targets=()
if [ "${1:-}" = storm ]; then
    targets=(--test storm)
    ABLATE_STORM_REPORT=$PWD/.setup/storm
    export ABLATE_STORM_REPORT
    : >"$ABLATE_STORM_REPORT"
fi

ABLATE_SKIPPED=$PWD/.setup/skipped
export ABLATE_SKIPPED
: >"$ABLATE_SKIPPED"

status=0
if [ "${1:-}" != storm ]; then
    # Storms have to compile.
    cargo test --locked "${features[@]}" --no-run --test storm || status=$?
    # Advisories need RustSec's database, from the network: `make audit`.
    PATH=$PWD/.venv/bin:$PATH cargo deny --locked --all-features check --hide-inclusion-graph bans licenses sources || status=$?
fi
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --locked "${features[@]}" "${targets[@]}" --no-fail-fast --status-level slow || status=$?
else
    cargo test --locked "${features[@]}" "${targets[@]}" --no-fail-fast || status=$?
fi
[ -z "${ABLATE_STORM_REPORT:-}" ] || cat "$ABLATE_STORM_REPORT"
if [ -s "$ABLATE_SKIPPED" ]; then
    echo "skipped in part:"
    sort -u "$ABLATE_SKIPPED" | sed 's/^/  /'
else
    echo "nothing was skipped"
fi
exit "$status"
