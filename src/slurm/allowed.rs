//! What may stand in a script, on a command line of Slurm's, or in a file's name: allow-lists, never escapes. A value that is
//! not on its list is refused before anything is written or sent.

use crate::error::{Error, Result};
use crate::sweep::quote;

/// A kind of value: what it is called, how long it may be, which characters it may have beside ASCII letters and digits,
/// and those it may begin with.
#[derive(Clone, Copy, Debug)]
pub struct Allowed {
    /// In messages: `account`.
    pub what: &'static str,
    longest: usize,
    beside: &'static str,
    first: First,
}

#[derive(Clone, Copy, Debug)]
enum First {
    LetterOrDigit,
    Letter,
    Slash,
    Any,
}

/// Characters of a path: no blank, quote, `$`, `%` (which Slurm expands in file names) or control character.
const PATH: &str = "/._@+,=-";

impl Allowed {
    /// Accounts.
    pub const ACCOUNT: Self = name("account", 64);
    /// Partitions.
    pub const PARTITION: Self = name("partition", 64);
    /// Names of jobs: `ablate-` and the name of a sweep.
    pub const JOB: Self = name("job name", 80);
    /// Names of profiles.
    pub const PROFILE: Self = name("profile", 64);
    /// Names of users.
    pub const USER: Self = name("user name", 64);
    /// Names of clusters, as sbatch prints them.
    pub const CLUSTER: Self = name("cluster", 64);
    /// Modules: `gcc/10.2.0`.
    pub const MODULE: Self = Self {
        what: "module",
        longest: 128,
        beside: "/._+-",
        first: First::LetterOrDigit,
    };
    /// Names of environment variables.
    pub const VARIABLE: Self = Self {
        what: "name of a variable",
        longest: 128,
        beside: "_",
        first: First::Letter,
    };
    /// Values of environment variables.
    pub const VALUE: Self = Self {
        what: "value of a variable",
        longest: 1024,
        beside: "/._:,=+@-",
        first: First::Any,
    };
    /// Absolute paths that a script names.
    pub const PATH: Self = Self {
        what: "path",
        longest: 1024,
        beside: PATH,
        first: First::Slash,
    };
    /// Folders of results in a profile; `{user}` is taken out first.
    pub const RESULTS: Self = Self {
        what: "results folder",
        longest: 1024,
        beside: PATH,
        first: First::Any,
    };
    /// Any further option of sbatch: enough for constraints (`a&b`, `[x|y]*2`) and lists of addresses.
    pub const OPTION: Self = Self {
        what: "sbatch option",
        longest: 256,
        beside: " /._:,=+@%&|*()[]~^-",
        first: First::Any,
    };

    /// The value itself.
    ///
    /// # Errors
    /// [`Error::Usage`] when it is not on the list.
    pub fn check(self, value: &str) -> Result<&str> {
        let holds = |c: char| c.is_ascii_alphanumeric() || self.beside.contains(c);
        let begins = value.chars().next().is_some_and(|c| match self.first {
            First::LetterOrDigit => c.is_ascii_alphanumeric(),
            First::Letter => c.is_ascii_alphabetic(),
            First::Slash => c == '/',
            First::Any => true,
        });
        if begins && value.len() <= self.longest && value.chars().all(holds) {
            return Ok(value);
        }
        Err(Error::Usage {
            problem: format!("{} is no {} that may go to Slurm", quote(value), self.what),
            next: self.advice(),
        })
    }

    fn advice(self) -> String {
        let first = match self.first {
            First::LetterOrDigit => ", the first a letter or digit",
            First::Letter => ", the first a letter",
            First::Slash => ", the first a slash",
            First::Any => "",
        };
        let beside: Vec<_> = self.beside.chars().map(String::from).collect();
        format!(
            "use 1 to {} ASCII letters, digits and any of {}{first}",
            self.longest,
            beside.join(" ")
        )
    }
}

const fn name(what: &'static str, longest: usize) -> Allowed {
    Allowed {
        what,
        longest,
        beside: "._-",
        first: First::LetterOrDigit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row 20 of the promises.
    const HOSTILE: [&str; 14] = [
        "",
        "../x",
        "a\n#SBATCH --mail-user=x",
        "a\r",
        "$(touch CANARY)",
        "`touch CANARY`",
        "a'b",
        "a\"b",
        "a;b",
        "a\0b",
        "-x",
        "a>b",
        "a\\b",
        "a\u{202e}b",
    ];

    #[test]
    fn hostile_names_are_refused_wherever_they_stand() {
        for value in HOSTILE {
            for kind in [Allowed::ACCOUNT, Allowed::PARTITION, Allowed::MODULE] {
                assert!(kind.check(value).is_err(), "{} {value:?}", kind.what);
            }
        }
        for value in HOSTILE.iter().filter(|v| !["../x", "-x"].contains(v)) {
            for kind in [Allowed::OPTION, Allowed::VALUE, Allowed::PATH] {
                assert!(kind.check(value).is_err(), "{} {value:?}", kind.what);
            }
        }
        assert!(Allowed::ACCOUNT.check(&"a".repeat(4096)).is_err());
    }

    #[test]
    fn what_sites_use_is_allowed() {
        let kinds = [
            (Allowed::ACCOUNT, "abc123"),
            (Allowed::MODULE, "cuda12.2/toolkit"),
            (Allowed::VALUE, "mlx5_0:1"),
            (Allowed::PATH, "/expanse/lustre/scratch/u/x"),
            (Allowed::OPTION, "--constraint=[rack1|rack2]&lustre"),
        ];
        for (kind, value) in kinds {
            assert_eq!(kind.check(value).expect("allowed"), value);
        }
    }

    #[test]
    fn a_refusal_shows_the_value_harmless_and_says_what_would_do() {
        let text = Allowed::ACCOUNT.check("\u{1b}[2J").unwrap_err().to_string();
        assert!(
            !text.contains('\u{1b}') && text.contains("1 to 64"),
            "{text}"
        );
    }
}
