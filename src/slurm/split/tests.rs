use super::*;

const HOUR: f64 = 3600.0;

fn expanse() -> Profile {
    Profile::find("expanse").expect("built in")
}

fn wishes() -> Wishes {
    Wishes {
        threads: 1,
        ..Wishes::default()
    }
}

/// So many trials of so many hours of one core.
fn work(trials: usize, hours: f64) -> Work {
    Work {
        trials,
        core_seconds: trials as f64 * hours * HOUR,
        longest: hours * HOUR,
    }
}

fn plan(partition: &str, work: Work, wishes: &Wishes) -> Split {
    split(&expanse(), partition, work, wishes, 0).expect("accepted")
}

fn refused(partition: &str, wishes: &Wishes, queued: u32) -> String {
    split(&expanse(), partition, work(1000, 1.0), wishes, queued)
        .expect_err("refused")
        .to_string()
}

#[test]
fn a_small_sweep_is_one_job_with_one_gpus_share() {
    let split = plan("gpu-shared", work(16, 0.1), &wishes());
    assert_eq!(
        (split.jobs, split.shape.gpus, split.shape.cores),
        (1, 1, 10)
    );
    assert_eq!(split.shape.memory_mb, 92 * 1024);
    assert_eq!(split.reach, Reach::Finish);
    // 1.6 core-hours on 10 cores are 10 minutes; twice that and the overhead, in steps of five.
    assert_eq!(split.shape.time, Limit::seconds(30 * 60));
}

#[test]
fn more_work_takes_more_gpus_before_more_jobs() {
    // 300 core-hours × 2 fit 10 cores for 60 hours: over 48, so two shares in one job.
    let split = plan("gpu-shared", work(300, 1.0), &wishes());
    assert_eq!((split.jobs, split.shape.gpus), (1, 2));
    // 3000 core-hours × 2 are 200 hours of 30 cores: 5 jobs of 48.
    let split = plan("gpu-shared", work(3000, 1.0), &wishes());
    assert_eq!((split.jobs, split.shape.gpus), (5, 3));
    assert_eq!(split.reach, Reach::Finish);
}

#[test]
fn a_short_time_asks_for_more_jobs_and_never_for_more_than_fit() {
    let one_hour = Wishes {
        time: Some(Limit::seconds(3600)),
        gpus: Some(1),
        ..wishes()
    };
    let split = plan("gpu-shared", work(100, 0.1), &one_hour);
    // 10 core-hours × 2 on 10 cores for 55 minutes: 2.2 jobs.
    assert_eq!((split.jobs, split.shape.time), (3, Limit::seconds(3600)));
    let split = plan("gpu-shared", work(100_000, 0.1), &one_hour);
    assert_eq!((split.jobs, split.reach), (23, Reach::Leave));
}

#[test]
fn there_are_never_more_jobs_than_work_for_them() {
    let asked = Wishes {
        jobs: Some(20),
        gpus: Some(1),
        ..wishes()
    };
    assert_eq!(plan("gpu-shared", work(25, 1.0), &asked).jobs, 3);
}

#[test]
fn whole_nodes_come_with_all_their_gpus() {
    let split = plan("gpu", work(16, 0.1), &wishes());
    let Shape {
        nodes,
        gpus,
        tasks_per_node,
        cores,
        ..
    } = split.shape;
    assert_eq!((nodes, gpus, tasks_per_node, cores), (1, 4, 4, 10));
    let asked = Wishes {
        gpus: Some(16),
        ..wishes()
    };
    let Shape {
        nodes,
        tasks_per_node,
        ..
    } = plan("gpu", work(16, 0.1), &asked).shape;
    assert_eq!((nodes, tasks_per_node), (4, 4));
}

#[test]
fn a_share_of_a_cpu_node_has_no_more_cores_than_trials() {
    let few = plan("shared", work(6, 0.5), &wishes());
    assert_eq!(
        (few.shape.cores, few.shape.memory_mb, few.shape.gpus),
        (6, 6 * 1900, 0)
    );
    let many = plan("shared", work(1000, 0.1), &wishes());
    assert_eq!(many.shape.cores, 128);
    let threads = Wishes {
        threads: 4,
        ..wishes()
    };
    let shape = plan("shared", work(6, 0.5), &threads).shape;
    assert_eq!((shape.cores, shape.workers()), (24, 6));
}

/// Oracle: by hand from the charges in cluster.md.
#[test]
fn costs_are_gpu_hours_or_core_hours_times_the_charge_and_one_su_at_least() {
    let asked = |gpus, hours: f64| Wishes {
        jobs: Some(1),
        gpus: Some(gpus),
        time: Some(Limit::seconds((hours * HOUR) as u64)),
        ..wishes()
    };
    let split = plan("gpu-shared", work(100, 0.5), &asked(2, 10.0));
    assert_eq!(
        (split.most_su, split.expected_su, split.idle_su),
        (20.0, 5.0, 1.0)
    );
    assert_eq!(
        plan("gpu-preempt", work(100, 0.5), &asked(2, 10.0)).most_su,
        16.0
    );
    assert_eq!(plan("gpu", work(100, 0.5), &asked(4, 10.0)).most_su, 40.0);
    assert_eq!(
        plan("gpu-shared", work(4, 0.001), &asked(1, 0.5)).most_su,
        1.0
    );
    let cores = Wishes {
        cores: Some(16),
        time: Some(Limit::seconds(7200)),
        ..wishes()
    };
    assert_eq!(plan("shared", work(100, 0.1), &cores).most_su, 32.0);
    assert_eq!(plan("compute", work(100, 0.1), &cores).most_su, 256.0);
}

#[test]
fn twenty_four_jobs_leave_no_slot_for_the_follow_up() {
    let asked = |jobs| Wishes {
        jobs: Some(jobs),
        gpus: Some(1),
        ..wishes()
    };
    assert_eq!(plan("gpu-shared", work(1000, 1.0), &asked(23)).jobs, 23);
    let said = refused("gpu-shared", &asked(24), 0);
    assert!(
        said.contains("24 jobs and their follow-up") && said.contains("--jobs 23 or less"),
        "{said}"
    );
    let said = refused("gpu-shared", &asked(23), 4);
    assert!(
        said.contains("4 of yours are queued") && said.contains("--jobs 19 or less"),
        "{said}"
    );
    let said = refused("gpu-shared", &asked(1), 23);
    assert!(said.contains("wait for queued jobs"), "{said}");
    let said = refused(
        "gpu-shared",
        &Wishes {
            jobs: Some(0),
            ..wishes()
        },
        0,
    );
    assert!(said.contains("--jobs 1"), "{said}");
}

#[test]
fn gpus_in_the_queue_count_too() {
    let asked = |jobs| Wishes {
        jobs: Some(jobs),
        gpus: Some(3),
        ..wishes()
    };
    assert_eq!(plan("gpu-shared", work(1000, 1.0), &asked(7)).jobs, 7);
    let said = refused("gpu-shared", &asked(8), 0);
    assert!(
        said.contains("24 GPUs (3 a job here)") && said.contains("--jobs 7 or less"),
        "{said}"
    );
    // Without a wish for GPUs, the smallest share makes room.
    let split = plan(
        "gpu-shared",
        work(5000, 1.0),
        &Wishes {
            jobs: Some(20),
            ..wishes()
        },
    );
    assert_eq!((split.jobs, split.shape.gpus), (20, 1));
}

#[test]
fn what_the_partition_would_refuse_is_refused_with_what_it_takes() {
    let gpus = |n| Wishes {
        gpus: Some(n),
        ..wishes()
    };
    let said = refused("gpu-shared", &gpus(4), 0);
    assert!(
        said.contains("4 GPUs a job") && said.contains("--gpus 1 or 2 or 3"),
        "{said}"
    );
    assert!(refused("gpu-shared", &gpus(0), 0).contains("0 GPUs a job"));
    assert!(refused("gpu", &gpus(2), 0).contains("--gpus 4 or 8 or 12 or 16"));
    assert!(refused("gpu-debug", &gpus(3), 0).contains("--gpus 1 or 2"));
    assert!(refused("shared", &gpus(1), 0).contains("it has no GPUs"));
    let said = refused(
        "gpu-shared",
        &Wishes {
            time: Some(Limit::seconds(48 * 3600 + 60)),
            ..wishes()
        },
        0,
    );
    assert!(
        said.contains("walltime of 48:00:00") && said.contains("--time 48:00:00 or less"),
        "{said}"
    );
    let said = refused(
        "gpu-shared",
        &Wishes {
            nodes: Some(2),
            ..wishes()
        },
        0,
    );
    assert!(said.contains("1 node at most, not 2"), "{said}");
    let said = refused(
        "gpu",
        &Wishes {
            nodes: Some(5),
            ..wishes()
        },
        0,
    );
    assert!(said.contains("4 nodes at most"), "{said}");
    let said = refused(
        "shared",
        &Wishes {
            cores: Some(129),
            ..wishes()
        },
        0,
    );
    assert!(said.contains("--cores 128 or less"), "{said}");
    let said = refused(
        "gpu-shared",
        &Wishes {
            cores: Some(11),
            ..wishes()
        },
        0,
    );
    assert!(said.contains("--cores 10 or less"), "{said}");
    let said = refused(
        "gpu-shared",
        &Wishes {
            threads: 11,
            ..wishes()
        },
        0,
    );
    assert!(said.contains("--threads 10 or less"), "{said}");
}

#[test]
fn wild_numbers_are_refused_not_wrapped() {
    let most = Some(u32::MAX);
    for wild in [
        Wishes {
            jobs: most,
            ..wishes()
        },
        Wishes {
            nodes: most,
            ..wishes()
        },
        Wishes {
            gpus: most,
            ..wishes()
        },
        Wishes {
            cores: most,
            tasks_per_node: most,
            ..wishes()
        },
        Wishes {
            tasks_per_node: most,
            ..wishes()
        },
    ] {
        for partition in ["gpu-shared", "gpu", "compute"] {
            refused(partition, &wild, 0);
        }
    }
    let endless = Work {
        trials: 100_000,
        core_seconds: 1e300,
        longest: 1e300,
    };
    let split = plan("gpu-shared", endless, &wishes());
    assert_eq!(
        (split.reach, split.shape.time),
        (Reach::Leave, Limit::seconds(48 * 3600))
    );
}

/// Whatever is planned, the partition takes it.
#[test]
fn no_plan_breaks_a_limit() {
    let profile = expanse();
    for (name, partition) in &profile.partitions {
        for trials in [1, 7, 100, 10_000] {
            for hours in [0.001, 0.5, 20.0] {
                for queued in [0, 1, 20] {
                    let Ok(split) = split(&profile, name, work(trials, hours), &wishes(), queued)
                    else {
                        continue;
                    };
                    let all = split.jobs + 1 + queued;
                    let shape = split.shape;
                    assert!(
                        partition.queued.jobs.is_none_or(|most| all <= most),
                        "{name}"
                    );
                    let gpus = (split.jobs + 1) * shape.gpus + queued;
                    assert!(
                        shape.gpus == 0 || partition.queued.gpus.is_none_or(|most| gpus <= most)
                    );
                    assert!(shape.time <= partition.walltime && shape.nodes <= partition.nodes);
                    assert!(shape.tasks_per_node * shape.cores <= partition.cores.per_node);
                    assert!(split.expected_su <= split.most_su && split.jobs >= 1);
                }
            }
        }
    }
}
