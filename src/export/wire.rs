//! Bytes: protobuf messages, and the TFRecord frames that event files are made of.
//!
//! Sources: <https://protobuf.dev/programming-guides/encoding/>, `tensorflow/core/lib/io/record_writer.h`.

use crc::{CRC_32_ISCSI, Crc, Table};

/// CRC-32C (Castagnoli).
const CRC32C: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);

/// A protobuf message, written field by field. Zeros are written, too: in a `oneof` they say something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message(Vec<u8>);

/// How the bytes after a field's key are to be read.
#[derive(Clone, Copy)]
enum Kind {
    Varint = 0,
    Eight = 1,
    Counted = 2,
    Four = 5,
}

impl Message {
    /// A field of type `int32`, `int64`, `bool` or an enumeration.
    pub fn integer(mut self, field: u32, value: i64) -> Self {
        self.key(field, Kind::Varint);
        self.varint(value.cast_unsigned());
        self
    }

    /// A field of type `double`.
    pub fn double(mut self, field: u32, value: f64) -> Self {
        self.key(field, Kind::Eight);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// A field of type `float`.
    pub fn float(mut self, field: u32, value: f32) -> Self {
        self.key(field, Kind::Four);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// A field of type `bytes`, or one entry of it.
    pub fn bytes(mut self, field: u32, value: &[u8]) -> Self {
        self.key(field, Kind::Counted);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }

    /// A field of type `string`, or one entry of it.
    pub fn text(self, field: u32, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    /// A field that is a message, or one entry of it.
    pub fn message(self, field: u32, value: &Self) -> Self {
        self.bytes(field, &value.0)
    }

    /// As [`message`](Self::message), for several entries.
    pub fn messages(self, field: u32, values: impl IntoIterator<Item = Self>) -> Self {
        let mut all = self;
        for value in values {
            all = all.message(field, &value);
        }
        all
    }

    /// The message so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn key(&mut self, field: u32, kind: Kind) {
        self.varint(u64::from(field) << 3 | kind as u64);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

/// Appends a TFRecord: length, its checksum, data, its checksum.
pub fn frame(out: &mut Vec<u8>, data: &[u8]) {
    let length = (data.len() as u64).to_le_bytes();
    out.extend(length);
    out.extend(masked(&length).to_le_bytes());
    out.extend(data);
    out.extend(masked(data).to_le_bytes());
}

/// The checksum of data that may itself hold checksums: rotated and shifted.
fn masked(data: &[u8]) -> u32 {
    CRC32C
        .checksum(data)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracles: the check value of CRC-32C (RFC 3720 B.4 and the catalogue of CRCs); the twelve bytes before every event
    /// file's first event, whose length is 24.
    #[test]
    fn checksums_are_castagnolis_and_masked() {
        assert_eq!(CRC32C.checksum(b"123456789"), 0xE306_9283);
        let mut out = Vec::new();
        frame(&mut out, &[0; 24]);
        assert_eq!(out[..12], [24, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22]);
        assert_eq!(out.len(), 12 + 24 + 4);
    }

    /// Oracle: the examples of protobuf's documentation of its encoding (150, "testing"), and −1 as ten bytes.
    #[test]
    fn fields_are_written_as_protobuf_documents_them() {
        let bytes = |message: Message| message.as_bytes().to_vec();
        assert_eq!(bytes(Message::default().integer(1, 150)), [8, 0x96, 1]);
        assert_eq!(
            bytes(Message::default().text(2, "testing")),
            [&[0x12, 7][..], b"testing"].concat()
        );
        let inner = Message::default().integer(1, 150);
        assert_eq!(
            bytes(Message::default().message(3, &inner)),
            [0x1a, 3, 8, 0x96, 1]
        );
        let minus_one = bytes(Message::default().integer(1, -1));
        assert_eq!(minus_one[1..], [&[255; 9][..], &[1]].concat());
        assert_eq!(
            bytes(Message::default().float(20, 1.0)),
            [0xa5, 1, 0, 0, 0x80, 0x3f]
        );
    }
}
