//! Measures of an image against its target, one file each.
