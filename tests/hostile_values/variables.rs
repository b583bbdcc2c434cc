//! Runs under variables that no launcher would set.

use crate::check_harmless;
use crate::common;
use crate::scene::{Scene, expect_code};
use crate::words::hostile;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

/// What a launcher says to a process.
const VARIABLES: [&str; 15] = [
    "SLURM_JOB_ID",
    "SLURM_NTASKS",
    "SLURM_PROCID",
    "SLURM_LOCALID",
    "SLURM_CPUS_PER_TASK",
    "SLURM_CPUS_ON_NODE",
    "SLURM_RESTART_COUNT",
    "CUDA_VISIBLE_DEVICES",
    "OMPI_COMM_WORLD_RANK",
    "OMPI_COMM_WORLD_SIZE",
    "PMIX_RANK",
    "PMI_RANK",
    "PMI_SIZE",
    "ABLATE_GPU_SAMPLE_MS",
    "SLURM_GPUS_PER_TASK",
];

#[test]
fn hostile_variables_of_a_launcher_change_no_result() {
    let calm = Scene::new();
    calm.write("[[]]", 1);
    calm.run(&["--workers", "1"], 0);
    let bin = tempfile::tempdir().expect("a folder");
    let squeue = bin.path().join("squeue");
    common::program(&squeue, "#!/bin/sh\necho \"$*\" >>\"$0.log\"\n");
    let path = format!(
        "{}:{}",
        bin.path().display(),
        std::env::var("PATH").expect("a PATH")
    );

    let words = hostile().into_iter().map(String::into_bytes);
    let numbers = ["", "0", "-1", "1e9", "99999999999999999999", "0x10"];
    let numbers = numbers.map(|number| number.as_bytes().to_vec());
    for value in words.chain(numbers).chain([b"\xff\xfe".to_vec()]) {
        let scene = Scene::new();
        scene.write("[[]]", 1);
        let mut command = scene.command(&["--workers", "1"]);
        command.current_dir(bin.path()).env("PATH", &path);
        for name in VARIABLES {
            command.env(name, OsStr::from_bytes(&value));
        }
        let output = command.output().expect("started");
        expect_code(&output, 0);
        check_harmless(&output);
        assert_eq!(scene.digests(), calm.digests());
        let details = scene.record().details().expect("a record");
        for id in calm.digests().keys() {
            let environment = details.read(id).expect("details").environment;
            let said = environment.get("slurm_job_id");
            assert!(
                said.is_none_or(|id| id.bytes().all(|b| b.is_ascii_digit())),
                "{said:?}"
            );
        }
    }
    let asked = fs::read_to_string(bin.path().join("squeue.log")).expect("asked about numbers");
    assert!(
        asked
            .lines()
            .all(|line| ["-h -j 0 -o %L", "-h -j 99999999999999999999 -o %L"].contains(&line)),
        "{asked}"
    );
    assert_eq!(
        fs::read_dir(bin.path()).expect("listed").count(),
        2,
        "no canary"
    );
}

/// A rank that no launcher started cannot reach the others.
#[test]
fn a_process_that_is_told_to_be_a_rank_that_it_is_not_is_refused_or_works_alone() {
    let calm = Scene::new();
    calm.write("[[]]", 1);
    calm.run(&["--workers", "1"], 0);
    for (rank, of) in [
        ("0", "2"),
        ("1", "2"),
        ("7", "2"),
        ("18446744073709551615", "18446744073709551615"),
    ] {
        let scene = Scene::new();
        scene.write("[[]]", 1);
        let mut command = scene.command(&["--workers", "1"]);
        command
            .env("OMPI_COMM_WORLD_RANK", rank)
            .env("OMPI_COMM_WORLD_SIZE", of);
        let output = command.output().expect("started");
        match output.status.code() {
            Some(0) => assert_eq!(scene.digests(), calm.digests()),
            _ => {
                expect_code(&output, 6);
                assert!(
                    !scene.folder().join("sweep.h5").exists(),
                    "rank {rank} of {of}"
                );
            }
        }
    }
}
