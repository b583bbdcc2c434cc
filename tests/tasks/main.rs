//! What tasks feed, want and measure, seen from outside: through networks that remember what they are shown, or know the
//! answer.

mod diffusion;
mod fake;
mod iterated;
mod learned;
