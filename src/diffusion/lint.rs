//! Diffusions that cannot work, and some that will disappoint, found before anything runs.

use super::sampler::visited;
use super::schedule::{PUBLISHED_TIMESTEPS, Schedule, named_ends, scale};
use crate::config::{
    Clip, Conflict, DiffusionConfig, Rescale, Sampler, Space, Stride, Target, TaskKind, Terminal,
    TrialConfig, Weighting,
};

/// ᾱ of the last timestep above which its images are visibly not pure noise.
const MUCH_SIGNAL: f64 = 1e-3;
/// Evaluations per image below which samples are poor whatever the network (Song et al. 2021, table 1).
const FEW_STEPS: usize = 10;
/// An error that is multiplied by more than this on the way makes images of its own.
const MUCH_GAIN: f64 = 1000.0;

/// Settings of a diffusion that contradict each other or leave a division by zero; none for other tasks.
pub fn conflicts(config: &TrialConfig) -> Vec<Conflict> {
    if config.task != TaskKind::Diffuse {
        return Vec::new();
    }
    let (diffusion, generate) = (&config.diffusion, &config.generate);
    let (timesteps, name) = (diffusion.timesteps, diffusion.schedule.name());
    let mut found = Vec::new();
    if let Some([_, last]) = named_ends(diffusion.schedule) {
        let scale = scale(diffusion);
        if last * scale >= 1.0 {
            let enough = (PUBLISHED_TIMESTEPS as f64 * last) as usize + 1;
            let problem = format!(
                "β of {name} ends at {last}·{PUBLISHED_TIMESTEPS}/{timesteps} = {:.4}, but must stay below 1: \
                 set at least {enough}, or diffusion.schedule: cosine",
                last * scale
            );
            found.push(Conflict::new("diffusion.timesteps", problem));
        }
        if scale == 1.0 && timesteps != PUBLISHED_TIMESTEPS {
            let published = DiffusionConfig {
                timesteps: PUBLISHED_TIMESTEPS,
                ..diffusion.clone()
            };
            let end = |config: &DiffusionConfig| Schedule::new(config).last().alpha_bar;
            let problem = format!(
                "{name} was made for {PUBLISHED_TIMESTEPS} timesteps; over {timesteps} its signal ends at ᾱ = {:.3} instead of {:.3e}: \
                 set {}, or diffusion.timesteps: {PUBLISHED_TIMESTEPS}",
                end(diffusion),
                end(&published),
                Rescale::ByTimesteps.name()
            );
            found.push(Conflict::new("diffusion.rescale", problem));
        }
    }
    if diffusion.terminal == Terminal::ZeroSnr && diffusion.target == Target::Epsilon {
        let problem = "under terminal: zero_snr the last timestep holds nothing of the image, so its noise says nothing of it \
                       (0/0, as is its min_snr weight): set v, x0 or previous, or diffusion.terminal: published";
        found.push(Conflict::new("diffusion.target", problem));
    }
    if generate.sampler == Sampler::Ddim && generate.steps > timesteps {
        let problem = format!(
            "expected at most {timesteps}, as many as diffusion.timesteps, found {}",
            generate.steps
        );
        found.push(Conflict::new("generate.steps", problem));
    }
    found
}

/// What is allowed and probably not meant, each a sentence with a next step; none for other tasks.
pub fn warnings(config: &TrialConfig) -> Vec<String> {
    if config.task != TaskKind::Diffuse {
        return Vec::new();
    }
    let (diffusion, generate) = (&config.diffusion, &config.generate);
    let schedule = Schedule::new(diffusion);
    let (timesteps, signal) = (diffusion.timesteps, schedule.last().alpha_bar);
    let mut out = Vec::new();
    if signal > MUCH_SIGNAL {
        out.push(format!(
            "diffusion.schedule: {} over {timesteps} timesteps ends far from noise (ᾱ = {signal:.2e}: {:.1} % of the image's contrast is left), \
             but sampling starts from pure noise, which the network never saw; set diffusion.terminal: zero_snr (with target v, x0 or previous) \
             or another schedule",
            diffusion.schedule.name(),
            100.0 * signal.sqrt()
        ));
    }
    if diffusion.terminal == Terminal::ZeroSnr && diffusion.weighting == Weighting::MinSnr {
        out.push(format!(
            "diffusion.weighting: min_snr gives the last timestep the weight 0 under terminal: zero_snr, so timestep {}, where sampling starts, \
             is never learned; set weighting: uniform or terminal: published",
            timesteps - 1
        ));
    }
    let visited = visited(generate, timesteps);
    if let (Sampler::Ddim, Stride::Leading, Some(&first)) =
        (generate.sampler, generate.stride, visited.first())
        && first + 1 < timesteps
    {
        out.push(format!(
            "generate.stride: leading starts at timestep {first} and never reaches {}: the network is given pure noise where it saw ᾱ = {:.2e}; \
             set stride: trailing",
            timesteps - 1,
            schedule.at(first).alpha_bar
        ));
    }
    let held = diffusion.space == Space::Pixel && generate.clip == Clip::Clip;
    let first = visited
        .first()
        .map_or(1.0, |first| schedule.at(*first).alpha_bar);
    if diffusion.target == Target::Epsilon && !held && first.sqrt() * MUCH_GAIN < 1.0 {
        out.push(format!(
            "diffusion.target: sampling starts where ᾱ = {first:.2e}, which multiplies an error in epsilon by {:.0}, and nothing clips what \
             comes of it ({}); set diffusion.target: v, or another schedule",
            first.sqrt().recip(),
            match diffusion.space {
                Space::Latent => "latents have no range",
                Space::Pixel => "generate.clip: free",
            }
        ));
    }
    if visited.len() < FEW_STEPS {
        let more = match generate.sampler {
            Sampler::Ddim => "generate.steps: 50",
            Sampler::Ddpm => "diffusion.timesteps: 100 or more",
        };
        out.push(format!(
            "images are made in {} steps, too few for sharp ones; set {more}",
            visited.len()
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::NoiseSchedule;

    fn diffuse() -> TrialConfig {
        TrialConfig {
            task: TaskKind::Diffuse,
            ..TrialConfig::default()
        }
    }

    fn paths(config: &TrialConfig) -> Vec<&'static str> {
        conflicts(config)
            .iter()
            .map(|conflict| conflict.path)
            .collect()
    }

    #[test]
    fn the_defaults_are_sound_and_other_tasks_no_concern() {
        assert_eq!(conflicts(&diffuse()), []);
        assert_eq!(warnings(&diffuse()), [""; 0]);
        let mut other = TrialConfig::default();
        other.diffusion.timesteps = 3;
        other.generate.steps = 5;
        assert_eq!(conflicts(&other), []);
        assert_eq!(warnings(&other), [""; 0]);
    }

    /// science.md §2: linear is invalid below T = 21; the same bound for the others from their last β, 0.02 and 0.012.
    #[test]
    fn a_beta_of_one_is_a_conflict() {
        for (schedule, shortest) in [
            (NoiseSchedule::Linear, 21),
            (NoiseSchedule::Quadratic, 21),
            (NoiseSchedule::ScaledLinear, 13),
        ] {
            let mut config = diffuse();
            config.diffusion.schedule = schedule;
            config.diffusion.rescale = Rescale::ByTimesteps;
            config.generate.sampler = Sampler::Ddpm;
            config.diffusion.timesteps = shortest;
            assert_eq!(paths(&config), [""; 0], "{schedule:?}");
            config.diffusion.timesteps = shortest - 1;
            assert_eq!(paths(&config), ["diffusion.timesteps"], "{schedule:?}");
            let problem = &conflicts(&config)[0].problem;
            assert!(
                problem.contains(&format!("at least {shortest}")),
                "{problem}"
            );
        }
        let mut short = diffuse();
        short.diffusion.schedule = NoiseSchedule::Cosine;
        short.diffusion.timesteps = 2;
        short.generate.sampler = Sampler::Ddpm;
        assert_eq!(
            paths(&short),
            [""; 0],
            "cosine and sigmoid are made for any T"
        );
    }

    #[test]
    fn schedules_for_a_thousand_need_a_thousand_or_rescaling() {
        for schedule in [NoiseSchedule::Quadratic, NoiseSchedule::ScaledLinear] {
            let mut config = diffuse();
            config.diffusion.schedule = schedule;
            assert_eq!(paths(&config), [""; 0]);
            config.diffusion.timesteps = 100;
            assert_eq!(paths(&config), ["diffusion.rescale"]);
            config.diffusion.rescale = Rescale::ByTimesteps;
            assert_eq!(paths(&config), [""; 0]);
        }
        let mut config = diffuse();
        config.diffusion.timesteps = 100;
        config.diffusion.schedule = NoiseSchedule::Quadratic;
        let problem = &conflicts(&config)[0].problem;
        // ᾱ_99 and ᾱ_999 of science.md §2.
        assert!(
            problem.contains("0.485") && problem.contains("7.334e-4"),
            "{problem}"
        );
    }

    #[test]
    fn no_signal_and_noise_as_target_is_a_conflict() {
        for target in Target::ALL {
            let mut config = diffuse();
            config.diffusion.terminal = Terminal::ZeroSnr;
            config.diffusion.target = *target;
            let right: &[&str] = match target {
                Target::Epsilon => &["diffusion.target"],
                _ => &[],
            };
            assert_eq!(paths(&config), right);
        }
    }

    #[test]
    fn more_steps_than_timesteps_are_a_conflict_for_ddim_only() {
        let mut config = diffuse();
        config.diffusion.timesteps = 40;
        assert_eq!(paths(&config), ["generate.steps"]);
        config.generate.sampler = Sampler::Ddpm;
        assert_eq!(paths(&config), [""; 0]);
    }

    #[test]
    fn warnings_say_the_number_and_the_way_out() {
        let of = |change: fn(&mut TrialConfig)| {
            let mut config = diffuse();
            change(&mut config);
            warnings(&config)
        };
        let found = of(|c| c.diffusion.schedule = NoiseSchedule::ScaledLinear);
        assert!(
            found.len() == 1 && found[0].contains("4.66e-3"),
            "{found:?}"
        );
        assert!(found[0].contains("zero_snr"), "{found:?}");
        let found = of(|c| {
            c.diffusion.schedule = NoiseSchedule::ScaledLinear;
            c.diffusion.terminal = Terminal::ZeroSnr;
        });
        assert_eq!(found, [""; 0]);
        let found = of(|c| c.generate.stride = Stride::Leading);
        assert!(
            found.len() == 1 && found[0].contains("timestep 980"),
            "{found:?}"
        );
        let found = of(|c| {
            c.generate.stride = Stride::Leading;
            c.generate.steps = 1000;
        });
        assert_eq!(found, [""; 0], "it visits all");
        let found = of(|c| {
            c.diffusion.schedule = NoiseSchedule::Cosine;
            c.diffusion.space = Space::Latent;
        });
        assert!(
            found.len() == 1 && found[0].contains("target: v"),
            "{found:?}"
        );
        let found = of(|c| {
            c.diffusion.schedule = NoiseSchedule::Cosine;
            c.diffusion.space = Space::Latent;
            c.diffusion.target = Target::V;
        });
        assert_eq!(found, [""; 0]);
        let found = of(|c| c.generate.steps = 9);
        assert!(
            found.len() == 1 && found[0].contains("9 steps"),
            "{found:?}"
        );
        let found = of(|c| {
            c.diffusion.terminal = Terminal::ZeroSnr;
            c.diffusion.weighting = Weighting::MinSnr;
            c.diffusion.target = Target::V;
        });
        assert!(
            found.len() == 1 && found[0].contains("timestep 999"),
            "{found:?}"
        );
    }
}
