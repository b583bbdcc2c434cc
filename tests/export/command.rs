//! `ablate export`, the command.

use crate::fixture::{header, plan};
use crate::made::{errors, made, sweep};
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

#[test]
fn commands_to_copy_hold_a_path_with_spaces_together() {
    let (place, folder) = sweep();
    let out = place.path().join("my runs");
    for tool in ["tensorboard", "mlflow"] {
        let arguments = [
            folder.root(),
            "--to".as_ref(),
            tool.as_ref(),
            "--out".as_ref(),
            &out,
        ];
        let output = ablate(&arguments);
        assert!(output.status.success(), "{}", errors(&output));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let quoted = match tool {
            "mlflow" => format!("python '{}' ", out.join(mlflow::NAME).display()),
            _ => format!("--logdir '{}'\n", out.display()),
        };
        // What TensorBoard's export may not take for its own goes before the other tool writes there.
        fs::remove_dir_all(&out).expect("removed");
        assert!(text.contains(&quoted), "{text}");
    }
}

#[test]
fn nothing_to_show_yet_is_said() {
    let (_place, folder) = made(&header(), &[], &plan(2));
    let arguments = [folder.root(), "--to".as_ref(), "tensorboard".as_ref()];
    let output = ablate(&arguments);
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(
        errors(&output),
        "no trial has finished: nothing to show yet\n"
    );
    assert!(output.stdout.starts_with(b"0 runs: "));
}

#[test]
fn a_damaged_record_is_not_exported() {
    let (_place, folder) = sweep();
    let mut bytes = fs::read(folder.sweep_h5()).expect("read");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(folder.sweep_h5(), bytes).expect("written");
    for tool in ["tensorboard", "mlflow"] {
        let output = ablate(&[folder.root(), "--to".as_ref(), tool.as_ref()]);
        assert_eq!(output.status.code(), Some(5), "{}", errors(&output));
    }
    assert!(!folder.root().join(mlflow::NAME).exists());
    assert!(!folder.root().join("tensorboard").exists());
}
