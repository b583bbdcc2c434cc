//! Axes to points, enumerated lazily by mixed-radix arithmetic; the last axis varies fastest.
