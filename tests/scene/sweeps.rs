//! Sweeps that several tests run.

/// So many trials of one step each.
pub fn one_step(trials: usize) -> String {
    format!(
        "name: tiny\n\
         base:\n  \
           data: {{ dataset: digits, train: 16, test: 1 }}\n  \
           model: {{ widths: [1], bottleneck: none }}\n  \
           train: {{ epochs: 1, batch: 16 }}\n\
         seeds: {trials}\n"
    )
}

/// Trials that need a network trained first, and whose own network is used with other `steps` afterwards.
pub fn with_uses(seeds: usize, steps: &str) -> String {
    format!(
        "name: tiny\n\
         base:\n  \
           task: diffuse\n  \
           data: {{ dataset: digits, train: 32, test: 16 }}\n  \
           model: {{ arch: unet, widths: [4, 4], skip: {{ at: [14, 28] }} }}\n  \
           diffusion: {{ schedule: cosine, timesteps: 100, judge_train: 32, judge_epochs: 1 }}\n  \
           generate: {{ images: 8, steps: 2 }}\n  \
           train: {{ epochs: 1, batch: 32 }}\n\
         seeds: {seeds}\n\
         evaluate: {{ steps: {steps} }}\n"
    )
}
