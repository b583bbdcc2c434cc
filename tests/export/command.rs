//! `ablate export`, the command.

use crate::made::{errors, sweep};
use ablate::export::mlflow;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn ablate(arguments: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ablate"));
    command
        .arg("export")
        .args(arguments)
        .output()
        .expect("ablate")
}

#[test]
fn the_command_says_what_to_do_next() {
    let (_place, folder) = sweep();
    let to = |tool| ablate(&[folder.root(), Path::new("--to"), Path::new(tool)]);
    let output = to("tensorboard");
    assert!(output.status.success(), "{}", errors(&output));
    let out = folder.root().join("tensorboard");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        text,
        format!("3 runs: tensorboard --logdir {}\n", out.display())
    );
    assert!(out.join("evaluations").is_dir());

    let output = to("mlflow");
    assert!(output.status.success(), "{}", errors(&output));
    let script = folder.root().join(mlflow::NAME);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains(&format!(
            "python {} {}",
            script.display(),
            folder.sweep_h5().display()
        )),
        "{text}"
    );
    assert!(to("mlflow").status.success(), "our own script is replaced");
    fs::write(&script, "print('mine')").expect("written");
    let output = to("mlflow");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(fs::read_to_string(&script).expect("read"), "print('mine')");
    let output = ablate(&[
        Path::new("/nowhere"),
        Path::new("--to"),
        Path::new("mlflow"),
    ]);
    assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
}
