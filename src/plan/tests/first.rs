//! What is trained first, and what trained networks are used for.

use super::*;

const DIFFUSE: &str =
    "task: diffuse, model: { arch: unet, widths: [8, 8] }, data: { train: 5000, test: 5000 }";

fn diffuse(more: &str) -> Plan {
    plan(&format!("base: {{ {DIFFUSE} }}\n{more}"))
}

/// As [`plan`], on other data.
fn on_other_data(yaml: &str) -> Plan {
    let other = |config: &DataConfig| {
        facts(config).map(|facts| DataFacts {
            digest: "e".into(),
            ..facts
        })
    };
    Plan::build(&sweep(yaml), Plan::MAX_TRIALS, &other).expect("a good plan")
}

fn artefacts(plan: &Plan) -> Vec<(Role, TrialId)> {
    let all = plan.artefacts().iter();
    all.map(|artefact| (artefact.role, artefact.id)).collect()
}

#[test]
fn arms_and_seeds_share_what_is_trained_first() {
    let plan = diffuse("grid: { model.depth: [1, 2], data.train: [5000, 6000] }\nseeds: 3");
    assert_eq!((plan.len(), plan.units(), plan.points()), (12, 13, 4));
    let [(Role::Judge, judge)] = artefacts(&plan)[..] else {
        panic!("expected one judge, found {:?}", plan.artefacts());
    };
    for index in 0..plan.len() {
        assert_eq!(plan.trial(index).needs, [(Role::Judge, judge)]);
    }
    let unit = plan.trial(12);
    assert_eq!((plan.id(12), unit.id, unit.index), (judge, judge, 12));
    assert_eq!((plan.point(12), unit.point), (4, 4), "behind the arms");
    assert!(unit.needs.is_empty() && unit.evaluations.is_empty());
    assert_eq!(unit.config.train.weights, Weights::Keep);
    assert_eq!(unit.config.data.train, 60_000, "not those of the trial");
    assert!(unit.config.conflicts(unit.image).is_empty());
}

#[test]
fn another_sweep_has_the_same_artefact_and_other_data_another() {
    let judge = artefacts(&diffuse("seeds: 1"));
    assert_eq!(
        artefacts(&diffuse("grid: { diffusion.target: [x0, v] }\nseeds: [9]")),
        judge
    );
    let other = on_other_data(&format!("base: {{ {DIFFUSE} }}"));
    assert_ne!(artefacts(&other), judge);
    let both = artefacts(&diffuse("grid: { diffusion.judge_epochs: [4, 5] }"));
    assert_eq!(both.len(), 2);
    assert!(both.contains(&judge[0]));
}

#[test]
fn only_what_needs_something_has_it_trained_first() {
    assert_eq!(artefacts(&plan("seeds: 2")), []);
    assert_eq!(artefacts(&diffuse("grid: { generate.images: [0] }")), []);
    let spaces = diffuse("grid: { diffusion.space: [pixel, latent] }");
    let mut roles: Vec<Role> = artefacts(&spaces)
        .into_iter()
        .map(|(role, _)| role)
        .collect();
    roles.sort();
    assert_eq!(roles, [Role::Judge, Role::Codec]);
    let needs = |index| -> Vec<Role> {
        let needs = spaces.trial(index).needs.into_iter();
        needs.map(|(role, _)| role).collect()
    };
    assert_eq!(needs(0), [Role::Judge]);
    assert_eq!(needs(1), [Role::Judge, Role::Codec]);
}

#[test]
fn what_an_evaluation_needs_is_trained_first_too() {
    let plan = plan(&format!(
        "base: {{ {DIFFUSE}, generate.images: 0 }}\nevaluate: {{ images: [0, 100] }}"
    ));
    let judge = artefacts(&plan);
    assert_eq!(judge.len(), 1);
    assert_eq!(plan.trial(0).needs, judge);
    let text = refused(&format!(
        "base: {{ {DIFFUSE} }}\nevaluate: {{ images: [6000] }}"
    ));
    assert!(
        text.contains("generate.images") && text.contains("6000 generated"),
        "{text}"
    );
}

#[test]
fn settings_without_effect_are_not_evaluated_twice() {
    let plan = diffuse("evaluate: { sampler: [ddim, ddpm], eta: [0, 0.5, 1] }");
    let evaluations = plan.evaluations(0);
    let settings: Vec<Vec<Value>> = evaluations
        .iter()
        .map(|one| {
            one.settings
                .iter()
                .map(|(_, value)| value.clone())
                .collect()
        })
        .collect();
    let ddim = |eta: f64| vec!["ddim".into(), eta.into()];
    let ddpm = vec!["ddpm".into(), Value::Null];
    assert_eq!(settings, [ddim(0.0), ddim(0.5), ddim(1.0), ddpm]);
    let paths: Vec<&str> = evaluations[0]
        .settings
        .iter()
        .map(|(path, _)| &path[..])
        .collect();
    assert_eq!(paths, ["generate.sampler", "generate.eta"]);
    assert_eq!(evaluations[1].config.generate.eta, 0.5);
}

fn evaluation_ids(plan: &Plan, index: usize) -> HashSet<TrialId> {
    let all = plan.evaluations(index);
    let ids: HashSet<_> = all.iter().map(|evaluation| evaluation.id).collect();
    assert_eq!(ids.len(), all.len());
    ids
}

#[test]
fn an_evaluation_is_the_same_wherever_it_is_written() {
    let one = diffuse("evaluate: { sampler: [ddim, ddpm], eta: [0, 1] }\nseeds: 2");
    let other = diffuse("evaluate: { eta: [1, 0.5, 0], sampler: [ddpm, ddim] }\nseeds: 2");
    let (few, more) = (evaluation_ids(&one, 0), evaluation_ids(&other, 0));
    assert_eq!((few.len(), more.len()), (3, 4));
    assert!(few.is_subset(&more));
    assert!(few.is_disjoint(&evaluation_ids(&one, 1)), "of another seed");
    assert_eq!(one.id(0), other.id(0), "the trained network is the same");
    assert!(!few.contains(&one.id(0)));
}

#[test]
fn a_trial_reads_back_with_what_it_needs_and_is_used_for() {
    let plan = diffuse(
        "grid: { diffusion.space: [pixel, latent] }\nevaluate: { sampler: [ddim, ddpm], eta: [0, 1] }",
    );
    for index in 0..plan.units() {
        let trial = plan.trial(index);
        let back = Trial::from_json(&trial.to_json()).expect("its own message");
        assert_eq!((back.id, &back.needs), (trial.id, &trial.needs));
        assert_eq!(back.config.canonical(), trial.config.canonical());
        assert_eq!(
            back.evaluations.len(),
            if index < plan.len() { 3 } else { 0 }
        );
        for (found, right) in back.evaluations.iter().zip(&trial.evaluations) {
            assert_eq!((found.id, &found.settings), (right.id, &right.settings));
            assert_eq!(found.config.canonical(), right.config.canonical());
        }
    }
    let line = plan.trial(1).to_json();
    for (from, to) in [
        ("\"judge\"", "\"jury\""),
        ("\"needs\"", "\"wants\""),
        ("\"settings\"", "\"setting\""),
        ("\"evaluations\"", "\"evaluation\""),
    ] {
        assert!(line.contains(from), "{from}");
        assert!(Trial::from_json(&line.replace(from, to)).is_err(), "{from}");
    }
}
