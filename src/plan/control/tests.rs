use super::*;
use crate::config::TaskKind;

const IMAGE: [usize; 2] = [28, 28];

fn value(path: &str, text: &str) -> Assignment {
    let field = field(path).expect("a field");
    Assignment::from_text(field, text).expect("a value")
}

/// What a control sets, as `path=value` in order.
fn words(set: Vec<Assignment>) -> Vec<String> {
    let one = |value: &Assignment| format!("{}={}", value.field.path, value.text);
    set.iter().map(one).collect()
}

fn match_of(
    config: &TrialConfig,
    baseline: &[Assignment],
    measure: Measure,
) -> Result<Vec<String>, Lack> {
    matched(config, baseline, IMAGE, measure, Place::START).map(words)
}

fn lecture() -> TrialConfig {
    let mut config = TrialConfig::default();
    config.model.skip.at = vec![14, 28];
    config
}

/// Parameters and MACs of the autoencoder of science.md R4 with other widths: 3×3 convolutions 1→a→b→16→b→a→1 at 28, 14, 7,
/// 7, 14 and 28 pixels a side.
fn autoencoder(a: u64, b: u64) -> (u64, u64) {
    let convolutions = [
        (1, a, 28),
        (a, b, 14),
        (b, 16, 7),
        (16, b, 7),
        (b, a, 14),
        (a, 1, 28),
    ];
    convolutions
        .iter()
        .fold((0, 0), |(params, macs), (inputs, outputs, side)| {
            let weights = 9 * inputs * outputs;
            (params + weights + outputs, macs + weights * side * side)
        })
}

/// Oracle: of all pairs (round 64f, round 128f) the one whose count by formula is nearest to 260,177 (science.md R5).
#[test]
fn the_lecture_network_without_skips_gets_the_parameters_of_the_one_with_skips() {
    assert_eq!(autoencoder(64, 128).0, 185_873, "science.md R4");
    let of_factor = |step: u64| {
        let factor = step as f64 / 10_000.0;
        [64.0, 128.0].map(|width: f64| (width * factor).round() as u64)
    };
    let nearest = (10_000..20_000)
        .map(of_factor)
        .min_by_key(|[a, b]| autoencoder(*a, *b).0.abs_diff(260_177))
        .expect("some");
    let [a, b] = nearest;
    assert!(excess(autoencoder(a, b).0, 260_177).abs() <= TOLERANCE);
    let set = match_of(
        &lecture(),
        &[value("model.skip.at", "[]")],
        Measure::Parameters,
    );
    assert_eq!(
        set.expect("a control"),
        [
            "model.skip.at=[]".to_owned(),
            format!("model.widths=[{a},{b}]")
        ]
    );
}

/// Oracle: the joins of R5 read 9·128·64 weights more at 14×14 and 9·64·1 more at 28×28.
#[test]
fn macs_are_matched_by_themselves() {
    let wanted = autoencoder(64, 128).1 + 9 * 128 * 64 * 14 * 14 + 9 * 64 * 28 * 28;
    let set = match_of(&lecture(), &[value("model.skip.at", "[]")], Measure::Macs);
    let set = set.expect("a control");
    let widths: Vec<u64> =
        serde_json::from_str(set[1].split('=').next_back().expect("a value")).expect("two widths");
    let found = excess(autoencoder(widths[0], widths[1]).1, wanted).abs();
    assert!(found <= TOLERANCE, "{set:?}");
    for other in [-1i64, 1] {
        let [a, b] = [widths[0], widths[1]].map(|width| width.wrapping_add_signed(other));
        let other = excess(autoencoder(a, b).1, wanted).abs();
        assert!(found <= other, "{set:?} and {other}");
    }
}

#[test]
fn a_decoder_that_is_written_out_is_scaled_too() {
    let mut config = lecture();
    config.model.decoder = Some(vec![128, 64]);
    let set = match_of(
        &config,
        &[value("model.skip.at", "[]")],
        Measure::Parameters,
    );
    let set = set.expect("a control");
    let list = |at: usize| set[at].split('=').next_back().expect("a value").to_owned();
    let mut widths: Vec<u64> = serde_json::from_str(&list(1)).expect("widths");
    let decoder: Vec<u64> = serde_json::from_str(&list(2)).expect("widths");
    widths.reverse();
    assert_eq!(widths, decoder, "{set:?}");
}

fn mlp(width: usize, connection: Connection) -> TrialConfig {
    let mut config = TrialConfig {
        task: TaskKind::Classify,
        ..TrialConfig::default()
    };
    config.model.arch = Arch::Mlp;
    (config.model.depth, config.model.width) = (4, width);
    config.model.connection = connection;
    config
}

/// Parameters of science.md R2 with depth 4: 784 → w, three of w (+ 784 joined) → w, w → 10.
fn mlp_params(w: u64, joined: u64) -> u64 {
    (784 + 1) * w + 3 * (w + joined + 1) * w + 10 * w + 10
}

fn nearest_mlp(width: u64) -> u64 {
    let wanted = mlp_params(width, 784);
    (1..1000)
        .min_by_key(|w| mlp_params(*w, 0).abs_diff(wanted))
        .expect("some")
}

/// Oracle: the nearest of all widths, by formula.
#[test]
fn a_plain_mlp_gets_the_parameters_of_one_that_joins_its_input() {
    let config = mlp(64, Connection::InputConcat);
    assert_eq!(
        Measure::Parameters.count(&config, IMAGE),
        mlp_params(64, 784)
    );
    let nearest = nearest_mlp(64);
    assert!(excess(mlp_params(nearest, 0), mlp_params(64, 784)).abs() <= TOLERANCE);
    let set = match_of(
        &config,
        &[value("model.connection", "none")],
        Measure::Parameters,
    );
    assert_eq!(
        set.expect("a control"),
        [
            "model.connection=\"none\"".to_owned(),
            format!("model.width={nearest}")
        ]
    );
}

/// Oracle: as above; with one unit a step of the width is a third of all parameters.
#[test]
fn an_impossible_match_is_the_nearest_possible() {
    let nearest = nearest_mlp(1);
    let off = excess(mlp_params(nearest, 0), mlp_params(1, 784)).abs();
    assert!(off > TOLERANCE, "{off}");
    let config = mlp(1, Connection::InputConcat);
    let set = match_of(
        &config,
        &[value("model.connection", "none")],
        Measure::Parameters,
    );
    assert_eq!(set.expect("a control")[1], format!("model.width={nearest}"));
}

/// The arm may be the smaller one: the baseline then gets narrower.
#[test]
fn a_baseline_that_is_larger_shrinks() {
    let mut config = lecture();
    config.model.skip.at = Vec::new();
    let set = match_of(
        &config,
        &[value("model.skip.at", "[14, 28]")],
        Measure::Parameters,
    );
    let set = set.expect("a control");
    let widths: Vec<u64> =
        serde_json::from_str(set[1].split('=').next_back().expect("a value")).expect("two widths");
    // R5 reads 2a more weights at each output of 9·(b + b)·a and 9·(a + a)·1.
    let joined = |a: u64, b: u64| autoencoder(a, b).0 + 9 * b * a + 9 * a;
    assert_eq!(joined(64, 128), 260_177, "science.md R5");
    assert!(
        excess(joined(widths[0], widths[1]), 185_873).abs() <= TOLERANCE,
        "{set:?}"
    );
}

#[test]
fn no_control_where_none_is_needed_or_possible() {
    let mut config = lecture();
    let same = match_of(&config, &[value("train.epochs", "3")], Measure::Parameters);
    assert_eq!(
        same,
        Err(Lack::Because("its baseline has as many parameters".into()))
    );
    // 186,449 with a skip at 28 alone (science.md R5): 0.3 % above the baseline.
    config.model.skip.at = vec![28];
    let near = match_of(
        &config,
        &[value("model.skip.at", "[]")],
        Measure::Parameters,
    );
    assert_eq!(
        near,
        Err(Lack::Because(
            "its baseline's parameters are within 2 % of its own (−0.3 %)".into()
        ))
    );
    config.task = TaskKind::Classify;
    config.model.arch = Arch::Resnet;
    let deeper = match_of(&config, &[value("model.blocks", "24")], Measure::Parameters);
    assert_eq!(deeper, Err(Lack::NoWidth(Arch::Resnet)));
    let broken = match_of(
        &lecture(),
        &[value("model.widths", "[8, 8, 8]")],
        Measure::Macs,
    );
    assert!(matches!(broken, Err(Lack::Because(why)) if why.contains("28×28")));
}

#[test]
fn widths_of_a_unet_stay_multiples_of_eight() {
    let mut config = TrialConfig {
        task: TaskKind::Diffuse,
        ..TrialConfig::default()
    };
    config.model.arch = Arch::Unet;
    config.model.widths = vec![32, 36];
    let at = |factor| scaled(&config.model, factor).expect("widths")[0].1.clone();
    assert_eq!(at(1.2), serde_json::json!([40, 43]));
    assert_eq!(at(0.0), serde_json::json!([8, 1]));
}

/// Where equal widths would both be rounded up, one of them may be enough.
#[test]
fn equal_widths_need_not_all_be_rounded_up() {
    let widths = |list: &[u64]| vec![("model.widths", serde_json::json!(list))];
    assert_eq!(
        between(widths(&[32, 64, 64]), widths(&[32, 72, 72])),
        [
            widths(&[32, 72, 72]),
            widths(&[32, 64, 72]),
            widths(&[32, 64, 64]),
            widths(&[32, 72, 72])
        ]
    );
    let width = |width: u64| vec![("model.width", serde_json::json!(width))];
    assert_eq!(between(width(3), width(4)), [width(3), width(4)]);
}

#[test]
fn zeros_stand_for_what_is_joined_and_for_nothing_else() {
    let mut config = lecture();
    let mut zero = |mode| {
        config.model.skip.mode = mode;
        zeroed(&config, Place::START).map(words)
    };
    for mode in [SkipMode::Concat, SkipMode::Gate, SkipMode::AttentionGate] {
        assert_eq!(zero(mode), Ok(vec!["model.skip.mode=\"zero\"".into()]));
    }
    for mode in [SkipMode::Add, SkipMode::Zero] {
        assert!(matches!(zero(mode), Err(Lack::Because(_))), "{mode:?}");
    }
    config.model.skip.at = Vec::new();
    assert!(matches!(zeroed(&config, Place::START), Err(Lack::Nothing)));
    let of = |connection| zeroed(&mlp(8, connection), Place::START).map(words);
    assert_eq!(
        of(Connection::InputConcat),
        Ok(vec!["model.connection=\"zero_concat\"".into()])
    );
    assert_eq!(of(Connection::None), Err(Lack::Nothing));
    for other in [
        Connection::DenseConcat,
        Connection::Add,
        Connection::ZeroConcat,
    ] {
        assert!(matches!(of(other), Err(Lack::Because(_))), "{other:?}");
    }
    let mut shallow = mlp(8, Connection::InputConcat);
    shallow.model.depth = 1;
    assert_eq!(
        zeroed(&shallow, Place::START).map(words),
        Err(Lack::Nothing)
    );
}
