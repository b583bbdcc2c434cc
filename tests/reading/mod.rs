//! A reader beside a run: `tests/python/read_loop.py`, which opens every visible HDF5 file again and again (row 17 of the promises).

use crate::common::{python_with, skip};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// Reads until it is stopped; killed when dropped.
pub struct Reader {
    process: Child,
    told: BufReader<ChildStdout>,
}

impl Reader {
    /// Starts it, and waits until it reads. `None`, and noted, where the machine lacks what it needs.
    pub fn start(folder: &Path) -> Option<Self> {
        let Some(python) = python_with("h5py, pandas") else {
            let missing =
                "no Python with h5py and pandas (set ABLATE_TEST_PYTHON or run make test)";
            skip("reading beside a run", missing);
            return None;
        };
        if Command::new("h5dump").arg("--version").output().is_err() {
            skip(
                "reading beside a run with h5dump",
                "hdf5-tools is not installed",
            );
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/read_loop.py");
        let mut process = Command::new(python)
            .arg(script)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python");
        let mut told = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut ready = String::new();
        told.read_line(&mut ready).expect("a line");
        assert_eq!(ready, "reading\n");
        Some(Self { process, told })
    }

    /// Lets it look once more, and gives what it could not read; how often it looked at `sweep.h5`, trial files and shards.
    pub fn stop(mut self) -> (Vec<String>, [u64; 3]) {
        drop(self.process.stdin.take());
        let mut text = String::new();
        self.told.read_to_string(&mut text).expect("readable");
        let found: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let failed = found["failed"].as_array().expect("a list").iter();
        let looks =
            ["sweep.h5", "trials", "shards"].map(|kind| found["looks"][kind].as_u64().unwrap_or(0));
        (failed.map(ToString::to_string).collect(), looks)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
