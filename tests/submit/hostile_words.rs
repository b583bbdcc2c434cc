//! Texts that would do something somewhere: in a shell, a path, a batch script, a terminal, a spreadsheet, a page.

/// Each of them; none holds a NUL, which neither a command line nor a variable can. The canary is a file `CANARY` in whatever
/// folder a shell would be in.
pub fn hostile() -> Vec<String> {
    let mut all = [
        "../x",
        "/nonexistent/x",
        "a\n#SBATCH --mail-user=x",
        "$(touch CANARY)",
        "`touch CANARY`",
        "'; touch CANARY; '",
        "\"; touch CANARY; \"",
        "a[$(touch CANARY)]",
        "x;touch CANARY",
        "x|touch CANARY",
        "x>CANARY",
        "=cmd|'/C calc'!A0",
        "<script>alert(1)</script>",
        "a\u{202e}b",
        "\u{1b}[2J",
    ]
    .map(str::to_owned)
    .to_vec();
    all.push("a".repeat(4096));
    all
}
