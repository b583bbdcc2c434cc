//! The class of device that a sweep's trials are trained on.

/// A class of devices. Results of two classes differ in their last digits, so the class is part of a trial's identity: what
/// one of them made is never taken for what the other would make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Device {
    /// Processors.
    #[default]
    Cpu,
    /// NVIDIA GPUs.
    Cuda,
}

impl Device {
    /// Every class.
    pub const ALL: [Self; 2] = [Self::Cpu, Self::Cuda];

    /// The name in ids, messages, records and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }

    /// The class of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|device| device.name() == name)
    }
}
