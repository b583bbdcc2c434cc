//! Named sections of bytes behind a JSON header, each with its CRC32.
//!
//! ```text
//! magic "ABLATECK" | version u32 | header length u32 | header JSON | header CRC32 | sections … | CRC32 of all before
//! ```
//! Integers are little-endian. The header lists the sections in the order of their bytes. Reading borrows from the
//! file's bytes, so nothing that a damaged length says is ever allocated.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const MAGIC: &[u8; 8] = b"ABLATECK";
const VERSION: u32 = 1;

const CRC: usize = 4;

#[derive(Serialize, Deserialize)]
struct Header<T> {
    content: T,
    sections: Vec<Section>,
}

#[derive(Serialize, Deserialize)]
struct Section {
    name: String,
    bytes: u64,
    crc32: u32,
}

/// The file's bytes for this content and these sections.
///
/// # Errors
/// When the content cannot be JSON.
pub(super) fn encode<T: Serialize>(
    content: &T,
    sections: &[(String, Vec<u8>)],
) -> serde_json::Result<Vec<u8>> {
    let entry = |(name, bytes): &(String, Vec<u8>)| Section {
        name: name.clone(),
        bytes: bytes.len() as u64,
        crc32: crc32fast::hash(bytes),
    };
    let header = serde_json::to_vec(&Header {
        content,
        sections: sections.iter().map(entry).collect(),
    })?;
    let mut file = Vec::new();
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&VERSION.to_le_bytes());
    file.extend_from_slice(&(header.len() as u32).to_le_bytes());
    file.extend_from_slice(&header);
    file.extend_from_slice(&crc32fast::hash(&header).to_le_bytes());
    for (_, bytes) in sections {
        file.extend_from_slice(bytes);
    }
    file.extend_from_slice(&crc32fast::hash(&file).to_le_bytes());
    Ok(file)
}

/// Content and sections of a file.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn decode<T: DeserializeOwned>(
    file: &[u8],
) -> Result<(T, BTreeMap<String, &[u8]>), String> {
    let rest = file
        .strip_prefix(MAGIC)
        .ok_or("it is no checkpoint (wrong first bytes)")?;
    let (version, rest) = number(rest)?;
    if version != VERSION {
        return Err(format!(
            "it has format version {version}, this program reads {VERSION}"
        ));
    }
    let (length, rest) = number(rest)?;
    let (header, rest) = split(rest, u64::from(length))?;
    let (expected, mut rest) = number(rest)?;
    if crc32fast::hash(header) != expected {
        return Err("its header is damaged (CRC32)".into());
    }
    let header: Header<T> = serde_json::from_slice(header)
        .map_err(|source| format!("its header cannot be read: {source}"))?;
    let mut sections = BTreeMap::new();
    for Section { name, bytes, crc32 } in header.sections {
        let (section, after) = split(rest, bytes)?;
        if crc32fast::hash(section) != crc32 {
            return Err(format!("its section {name} is damaged (CRC32)"));
        }
        if sections.insert(name.clone(), section).is_some() {
            return Err(format!("it has two sections {name}"));
        }
        rest = after;
    }
    let body = file.len().saturating_sub(CRC);
    if rest.len() != CRC || number(rest)?.0 != crc32fast::hash(&file[..body]) {
        return Err("its end is damaged (CRC32 of the whole)".into());
    }
    Ok((header.content, sections))
}

/// The first `length` bytes and the rest.
fn split(bytes: &[u8], length: u64) -> Result<(&[u8], &[u8]), String> {
    usize::try_from(length)
        .ok()
        .and_then(|length| bytes.split_at_checked(length))
        .ok_or_else(|| {
            let found = bytes.len();
            format!("it is cut short: {length} bytes expected where {found} are left")
        })
}

fn number(bytes: &[u8]) -> Result<(u32, &[u8]), String> {
    match bytes.split_first_chunk() {
        Some((number, rest)) => Ok((u32::from_le_bytes(*number), rest)),
        None => Err("it is cut short".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiny() -> Vec<u8> {
        let sections = [("a".into(), vec![1, 2, 3]), ("b".into(), vec![])];
        encode(&"content".to_owned(), &sections).unwrap()
    }

    #[test]
    fn sections_read_back() {
        let file = tiny();
        let (content, sections) = decode::<String>(&file).unwrap();
        assert_eq!(content, "content");
        assert_eq!(
            sections,
            BTreeMap::from([("a".into(), &[1u8, 2, 3][..]), ("b".into(), &[])])
        );
    }

    #[test]
    fn a_file_cut_at_any_byte_is_refused() {
        let file = tiny();
        for length in 0..file.len() {
            assert!(decode::<String>(&file[..length]).is_err(), "{length}");
        }
        assert!(decode::<String>(&[&file[..], &[0]].concat()).is_err());
    }

    #[test]
    fn any_flipped_bit_is_found() {
        let file = tiny();
        for bit in 0..file.len() * 8 {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(decode::<String>(&damaged).is_err(), "bit {bit}");
        }
    }

    /// Checksums are right here: only the lengths lie.
    #[test]
    fn lengths_beyond_the_file_are_refused_without_allocating() {
        let header =
            r#"{"content":"","sections":[{"name":"a","bytes":18446744073709551615,"crc32":0}]}"#;
        let mut file = [&MAGIC[..], &1u32.to_le_bytes()].concat();
        file.extend((header.len() as u32).to_le_bytes());
        file.extend(header.as_bytes());
        file.extend(crc32fast::hash(header.as_bytes()).to_le_bytes());
        file.extend(crc32fast::hash(&file).to_le_bytes());
        assert!(decode::<String>(&file).unwrap_err().contains("cut short"));
        let mut long_header = file[..16].to_vec();
        long_header[12..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(decode::<String>(&long_header).is_err());
    }
}
