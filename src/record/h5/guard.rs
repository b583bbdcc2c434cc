//! What may be read from a file that someone else may have made: sizes, storage and filters are checked before any
//! byte is.

use hdf5::dataset::Layout;
use hdf5::filters::Filter;
use hdf5::types::TypeDescriptor;
use hdf5::{Container, Dataset};

/// Most elements of one array.
const MAX_ELEMENTS: usize = 1 << 30;
/// Most bytes of one array.
const MAX_BYTES: usize = 1 << 30;
/// Most chunks of one array, and what a chunk of bytes that do not compress may be larger by.
const MAX_CHUNKS: usize = 1 << 16;
const CHUNK_SLACK: usize = 4096;
/// Most children or attributes of one object.
pub(super) const MAX_CHILDREN: usize = 1 << 20;

/// What stands against reading `from` as values of type `wanted`; the shape when nothing does.
pub(super) fn check_values(
    from: &Container,
    wanted: &TypeDescriptor,
) -> Result<Vec<usize>, String> {
    let found = from
        .dtype()
        .and_then(|kind| kind.to_descriptor())
        .map_err(|error| error.to_string())?;
    if found != *wanted {
        return Err(format!("is of type {found}, expected {wanted}"));
    }
    let shape = from.space().map_err(|error| error.to_string())?.shape();
    let elements = shape
        .iter()
        .try_fold(1usize, |product, size| product.checked_mul(*size));
    match elements.and_then(|elements| Some((elements, elements.checked_mul(wanted.size())?))) {
        Some((elements, bytes)) if elements <= MAX_ELEMENTS && bytes <= MAX_BYTES => Ok(shape),
        _ => Err(format!(
            "has the shape {shape:?}, which is too large to be a result of ablate"
        )),
    }
}

/// What stands against reading the stored bytes of `from`: bytes outside the file, unknown filters, chunks that could
/// unpack to more than they should.
pub(super) fn check_storage(from: &Dataset) -> Result<(), String> {
    let text = |error: hdf5::Error| error.to_string();
    let creation = from.create_plist().map_err(text)?;
    let layout = creation.get_layout().map_err(text)?;
    if layout == Layout::Virtual || !creation.get_external().map_err(text)?.is_empty() {
        return Err("takes its values from other files".into());
    }
    for filter in creation.get_filters().map_err(text)? {
        if !matches!(
            filter,
            Filter::Deflate(_) | Filter::Shuffle | Filter::Fletcher32
        ) {
            return Err(format!("uses the filter {filter:?}"));
        }
    }
    if layout == Layout::Chunked {
        let chunk = creation.get_chunk().map_err(text)?.unwrap_or_default();
        check_chunks(from, &chunk)?;
    }
    Ok(())
}

fn check_chunks(from: &Dataset, chunk: &[usize]) -> Result<(), String> {
    let element = from.dtype().map_err(|error| error.to_string())?.size();
    let bytes = chunk
        .iter()
        .try_fold(element, |product, size| product.checked_mul(*size))
        .filter(|bytes| *bytes <= super::put::CHUNK_BYTES)
        .ok_or_else(|| format!("has chunks of shape {chunk:?}, which is too large"))?;
    let chunks = from
        .num_chunks()
        .ok_or("has an unreadable list of chunks")?;
    if chunks > MAX_CHUNKS {
        return Err(format!("has {chunks} chunks, which is too many"));
    }
    for index in 0..chunks {
        let stored = from
            .chunk_info(index)
            .ok_or("has an unreadable list of chunks")?
            .size;
        if stored > (bytes + CHUNK_SLACK) as u64 {
            return Err(format!("has a chunk that takes {stored} bytes for {bytes}"));
        }
    }
    Ok(())
}
