use super::*;
use crate::diffusion::tests::{agrees, process};
use NoiseSchedule::{Cosine, Linear, Quadratic, ScaledLinear, Sigmoid};

fn schedule(schedule: NoiseSchedule, timesteps: usize) -> Schedule {
    Schedule::new(&process(schedule, timesteps))
}

/// Oracle: the table of science.md §2 at T = 1000; β_0, β_999, then ᾱ (the last of sigmoid to 12 digits: the β before it are small
/// differences, and f64 loses two digits there).
#[test]
fn a_thousand_timesteps_are_those_of_the_table() {
    #[rustfmt::skip]
    let table = [
        (Linear, Terminal::Published, ["1.0000000000e-4", "2.0000000000e-2", "0.99990000000000", "0.52142303061853", "0.077796658365024", "0.0033001583615694", "4.0358297653757e-5"]),
        (Quadratic, Terminal::Published, ["1.0000000000e-4", "2.0000000000e-2", "0.99990000000000", "0.82001023591231", "0.33127457951726", "0.038149657375527", "7.3341245958081e-4"]),
        (ScaledLinear, Terminal::Published, ["8.5000000000e-4", "1.2000000000e-2", "0.99915000000000", "0.67379262523332", "0.27633268382297", "0.056169848002937", "4.6600985130772e-3"]),
        (Cosine, Terminal::Published, ["4.1284224822e-5", "0.99900000000", "0.99995871577518", "0.84588798649688", "0.4922851724488", "0.1431786464261", "2.4287669070e-9"]),
        (Sigmoid, Terminal::Published, ["3.002791997492e-4", "0.99900000000", "0.99969972080025", "0.84986300918309", "0.49834281788207", "0.14815968097129", "3.00279199749e-7"]),
        (Linear, Terminal::ZeroSnr, ["1.0000000000e-4", "1.0000000000", "0.99990000000000", "0.5188605367917", "0.07524621570433", "0.002644105922212", "0"]),
    ];
    for (kind, terminal, right) in table {
        let schedule = Schedule::new(&DiffusionConfig {
            terminal,
            ..process(kind, 1000)
        });
        let found = [
            schedule.at(0).beta,
            schedule.at(999).beta,
            schedule.at(0).alpha_bar,
            schedule.at(250).alpha_bar,
            schedule.at(500).alpha_bar,
            schedule.at(750).alpha_bar,
            schedule.last().alpha_bar,
        ];
        for (found, right) in found.into_iter().zip(right) {
            agrees(found, right);
        }
    }
}

/// Oracle: the line on T = 100 and the faults of unscaled schedules in science.md §2.
#[test]
fn a_hundred_timesteps_are_those_of_the_table() {
    let linear = schedule(Linear, 100);
    agrees(linear.at(0).alpha_bar, "0.99900000000000");
    agrees(linear.at(50).alpha_bar, "0.06666562681830");
    agrees(linear.at(99).alpha_bar, "2.039008975564e-5");
    let cosine = schedule(Cosine, 100);
    agrees(cosine.at(0).alpha_bar, "0.9993687184017");
    agrees(cosine.at(50).alpha_bar, "0.4782646329455");
    agrees(cosine.at(99).alpha_bar, "2.428572279350e-7");
    let sigmoid = schedule(Sigmoid, 100);
    agrees(sigmoid.at(50).alpha_bar, "0.4834330988774");
    agrees(sigmoid.at(99).alpha_bar, "3.077285960e-6");
    agrees(schedule(Quadratic, 100).last().alpha_bar, "0.485");
    agrees(schedule(ScaledLinear, 100).last().alpha_bar, "0.584");
}

/// Oracle: the table of science.md §3; β, β̃, c1, c2.
#[test]
fn steps_back_are_those_of_the_table() {
    #[rustfmt::skip]
    let table = [
        (Linear, 1, ["1.199199199199e-4", "5.453187661302e-5", "5.452914995103e-1", "4.547084989905e-1"]),
        (Linear, 250, ["5.079979979980e-3", "5.051719844086e-3", "7.684422330458e-3", "9.919078832742e-1"]),
        (Linear, 500, ["1.005995995996e-2", "1.005133577891e-2", "3.058057075630e-3", "9.941043507567e-1"]),
        (Linear, 999, ["2.000000000000e-2", "1.999998352656e-2", "1.283514871722e-4", "9.899486782675e-1"]),
        (Cosine, 500, ["3.155691441585e-3", "3.146005125463e-3", "4.367866899526e-3", "9.953562794552e-1"]),
    ];
    for (kind, t, right) in table {
        let step = schedule(kind, 1000).at(t);
        let found = [step.beta, step.variance, step.c1, step.c2];
        for (found, right) in found.into_iter().zip(right) {
            agrees(found, right);
        }
        assert!((step.log_variance - step.variance.ln()).abs() < 1e-14);
    }
    let linear = schedule(Linear, 1000);
    assert_eq!(linear.at(0).variance, linear.at(1).variance);
    agrees(linear.at(0).snr, "9999.00000");
}

#[test]
fn schedules_made_for_a_thousand_can_be_scaled_to_fewer() {
    for kind in [Quadratic, ScaledLinear] {
        let thousand = schedule(kind, 1000).last();
        let config = DiffusionConfig {
            rescale: Rescale::ByTimesteps,
            ..process(kind, 100)
        };
        let hundred = Schedule::new(&config).last();
        assert!((hundred.beta / thousand.beta - 10.0).abs() < 1e-12);
        let logs = hundred.alpha_bar.ln() / thousand.alpha_bar.ln();
        assert!((logs - 1.0).abs() < 0.1, "{kind:?} {logs}");
    }
}

/// At the shortest T that is allowed as at the longest, with and without a signal at the end.
#[test]
fn every_number_is_finite_and_in_its_range() {
    for kind in NoiseSchedule::ALL {
        for (timesteps, terminal) in [2, 21, 100_000]
            .into_iter()
            .flat_map(|count| Terminal::ALL.iter().map(move |terminal| (count, *terminal)))
        {
            let schedule = Schedule::new(&DiffusionConfig {
                terminal,
                rescale: Rescale::ByTimesteps,
                ..process(*kind, timesteps)
            });
            for t in 0..timesteps {
                let step = schedule.at(t);
                let place = format!("{kind:?} {timesteps} {terminal:?} {t}: {step:?}");
                assert!(step.beta > 0.0 && step.beta <= 1.0, "{place}");
                assert!(step.alpha_bar < step.alpha_bar_before, "{place}");
                assert!(
                    step.variance > 0.0 && step.log_variance.is_finite(),
                    "{place}"
                );
                assert!(step.c1 > 0.0 && step.c2 >= 0.0, "{place}");
                assert!(step.snr >= 0.0 && step.snr.is_finite(), "{place}");
            }
            let silent = schedule.last().alpha_bar == 0.0;
            assert_eq!(silent, terminal == Terminal::ZeroSnr);
        }
    }
}
