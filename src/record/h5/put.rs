//! Writing: groups, attributes and arrays, without times so that equal content gives equal bytes.

use hdf5::types::VarLenUnicode;
use hdf5::{Dataset, Group, H5Type, Location, Result};
use std::str::FromStr;

/// Up to so many attributes and links stay in the object's header, which is small and quick to read.
pub(super) const COMPACT: u32 = 64;
/// Arrays up to this size are stored in the header, larger ones in compressed chunks.
const HEADER_BYTES: usize = 16 * 1024;
/// Largest chunk; [`super::guard`] refuses larger ones.
pub(super) const CHUNK_BYTES: usize = 1 << 20;

/// Makes a group.
pub fn group(parent: &Group, name: &str) -> Result<Group> {
    parent
        .create_group_builder()
        .with_gcpl(|creation| {
            creation
                .obj_track_times(false)
                .attr_phase_change(COMPACT, 0)
        })
        .create(link_name(name)?)
}

/// Writes a text attribute (UTF-8, variable length).
pub fn text(at: &Location, name: &str, value: &str) -> Result<()> {
    at.new_attr::<VarLenUnicode>()
        .create(name)?
        .write_scalar(&unicode(value)?)
}

/// Writes an integer attribute.
pub fn integer(at: &Location, name: &str, value: u64) -> Result<()> {
    at.new_attr::<u64>().create(name)?.write_scalar(&value)
}

/// Writes a number attribute.
pub fn number(at: &Location, name: &str, value: f64) -> Result<()> {
    at.new_attr::<f64>().create(name)?.write_scalar(&value)
}

/// Writes an attribute that is a list of integers.
pub fn integers(at: &Location, name: &str, values: &[u64]) -> Result<()> {
    at.new_attr::<u64>()
        .shape([values.len()])
        .create(name)?
        .write_raw(values)
}

/// Writes a column of texts.
pub fn texts<S: AsRef<str>>(parent: &Group, name: &str, values: &[S]) -> Result<()> {
    let values = values
        .iter()
        .map(|value| unicode(value.as_ref()))
        .collect::<Result<Vec<_>>>()?;
    parent
        .new_dataset::<VarLenUnicode>()
        .shape([values.len()])
        .obj_track_times(false)
        .create(link_name(name)?)?
        .write_raw(&values)
}

/// Writes an array, row-major.
pub fn dataset<T: H5Type>(
    parent: &Group,
    name: &str,
    shape: &[usize],
    values: &[T],
) -> Result<Dataset> {
    let builder = parent
        .new_dataset::<T>()
        .shape(shape)
        .obj_track_times(false);
    let builder = if size_of_val(values) <= HEADER_BYTES {
        builder.layout(hdf5::dataset::Layout::Compact)
    } else {
        builder
            .chunk(chunk_shape(shape, CHUNK_BYTES / size_of::<T>()))
            .shuffle()
            .deflate(1)
    };
    let made = builder.create(link_name(name)?)?;
    made.write_raw(values)?;
    Ok(made)
}

/// As many whole trailing dimensions as hold `elements`, then a part of the next, then ones.
fn chunk_shape(shape: &[usize], elements: usize) -> Vec<usize> {
    let mut left = elements;
    let mut chunk: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&size| {
            let part = size.min(left).max(1);
            left /= part;
            part
        })
        .collect();
    chunk.reverse();
    chunk
}

/// Names with a slash would be paths.
fn link_name(name: &str) -> Result<&str> {
    if name.is_empty() || name == "." || name.contains(['/', '\0']) {
        return Err(format!("{name:?} cannot be a name in HDF5").into());
    }
    Ok(name)
}

fn unicode(value: &str) -> Result<VarLenUnicode> {
    VarLenUnicode::from_str(value).map_err(|error| error.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_takes_whole_trailing_dimensions_first() {
        assert_eq!(chunk_shape(&[4, 8, 28, 28], 8 * 784), [1, 8, 28, 28]);
        assert_eq!(chunk_shape(&[4, 8, 28, 28], 3 * 784), [1, 3, 28, 28]);
        assert_eq!(chunk_shape(&[2, 3000], 1000), [1, 1000]);
        assert_eq!(chunk_shape(&[2, 3], 1000), [2, 3]);
    }
}
