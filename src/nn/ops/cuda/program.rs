//! What is to run on a GPU, as data: buffers, and kernels launched one after the other.

use crate::config::Precision;

/// Threads of a block, for every kernel.
pub const THREADS: usize = 256;

/// Largest second and third side of a grid.
const GRID_SIDE: usize = 65_535;

/// What a buffer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// float
    F32,
    /// double
    F64,
    /// unsigned char
    U8,
    /// int
    I32,
}

impl Element {
    /// Size of one.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 | Self::I32 => 4,
            Self::F64 => 8,
            Self::U8 => 1,
        }
    }
}

/// A buffer of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// What it holds.
    pub element: Element,
    /// How many of them.
    pub length: usize,
    /// Whether it is there before; else it holds anything until a kernel writes it.
    pub given: bool,
}

/// A buffer from one of its elements on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Number of the buffer.
    pub buffer: usize,
    /// First element.
    pub start: usize,
}

impl Slot {
    /// The same buffer, so many elements further on.
    pub fn at(self, further: usize) -> Self {
        Self {
            start: self.start + further,
            ..self
        }
    }
}

/// An argument of a kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Argument {
    /// A pointer.
    Buffer(Slot),
    /// An int; wider here, so that what does not fit is seen and not cut off.
    Int(i64),
    /// A float.
    Float(f32),
    /// A double.
    Double(f64),
}

impl From<Slot> for Argument {
    fn from(slot: Slot) -> Self {
        Self::Buffer(slot)
    }
}

impl From<usize> for Argument {
    fn from(number: usize) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Argument {
    fn from(flag: bool) -> Self {
        Self::Int(flag.into())
    }
}

impl From<f32> for Argument {
    fn from(number: f32) -> Self {
        Self::Float(number)
    }
}

impl From<f64> for Argument {
    fn from(number: f64) -> Self {
        Self::Double(number)
    }
}

/// Arguments in a kernel's order.
macro_rules! arguments {
    ($($argument:expr),* $(,)?) => {
        &[$($crate::nn::ops::cuda::program::Argument::from($argument)),*]
    };
}
pub(super) use arguments;

/// A kernel on a grid of blocks of [`THREADS`].
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// Its name.
    pub kernel: &'static str,
    /// Blocks along x, y and z.
    pub grid: [usize; 3],
    /// In its order.
    pub arguments: Vec<Argument>,
}

/// Buffers, and what is launched on them in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// What its convolutions multiply: its kernels are compiled for that.
    pub precision: Precision,
    /// By number.
    pub buffers: Vec<Buffer>,
    /// First to last.
    pub launches: Vec<Launch>,
}

impl Program {
    fn buffer(&mut self, element: Element, length: usize, given: bool) -> Slot {
        self.buffers.push(Buffer {
            element,
            length,
            given,
        });
        Slot {
            buffer: self.buffers.len() - 1,
            start: 0,
        }
    }

    /// A buffer that is there before.
    pub fn given(&mut self, element: Element, length: usize) -> Slot {
        self.buffer(element, length, true)
    }

    /// A buffer that is made, and holds anything until a kernel writes it.
    pub fn made(&mut self, element: Element, length: usize) -> Slot {
        self.buffer(element, length, false)
    }

    /// A made buffer of f32.
    pub fn floats(&mut self, length: usize) -> Slot {
        self.made(Element::F32, length)
    }

    /// Launches a kernel on so many blocks along x, y and z.
    pub fn launch(&mut self, kernel: &'static str, grid: [usize; 3], arguments: &[Argument]) {
        self.launches.push(Launch {
            kernel,
            grid,
            arguments: arguments.to_vec(),
        });
    }

    /// Launches a kernel with a thread for each of `count`.
    pub fn each(&mut self, kernel: &'static str, count: usize, arguments: &[Argument]) {
        self.launch(kernel, [count.div_ceil(THREADS), 1, 1], arguments);
    }

    /// Whether kernels can count all of it; if not, what is too large.
    pub fn check(&self) -> Result<(), String> {
        let int = |number: usize| i32::try_from(number).is_ok();
        for buffer in &self.buffers {
            if !int(buffer.length) {
                return Err(format!(
                    "a buffer of {} numbers is longer than kernels count",
                    buffer.length
                ));
            }
        }
        for launch in &self.launches {
            let [x, y, z] = launch.grid;
            let fits = |argument: &Argument| match argument {
                Argument::Int(number) => i32::try_from(*number).is_ok(),
                _ => true,
            };
            let grid = int(x) && y.max(z) <= GRID_SIDE && x * y * z > 0;
            if !grid || !launch.arguments.iter().all(fits) {
                return Err(format!(
                    "kernel {} cannot be launched on {x} × {y} × {z} blocks with {:?}",
                    launch.kernel, launch.arguments
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kernels_cannot_count_is_refused() {
        let mut program = Program::default();
        program.each("fill", 5, arguments![1usize << 31]);
        let problem = program.check().expect_err("an int");
        assert!(problem.contains("fill"), "{problem}");
        let mut program = Program::default();
        program.floats(1 << 31);
        assert!(program.check().is_err());
        let mut program = Program::default();
        program.launch("fill", [1, 65_536, 1], arguments![]);
        assert!(program.check().is_err());
    }
}
