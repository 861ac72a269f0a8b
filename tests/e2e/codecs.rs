//! The codecs of record batches by hand: streams that hold their content as it is, and bombs of zeros.

use crate::batch::{self, HEADER_LEN};

/// Kafka's ids.
pub const NONE: u8 = 0;
/// Gzip.
pub const GZIP: u8 = 1;
/// Snappy, as one raw block.
pub const SNAPPY: u8 = 2;
/// LZ4's frame format.
pub const LZ4: u8 = 3;
/// Zstandard.
pub const ZSTD: u8 = 4;
/// Every codec.
pub const ALL: [u8; 5] = [NONE, GZIP, SNAPPY, LZ4, ZSTD];

/// An uncompressed `batch` with its records in the stream of `codec`.
pub fn encoded(codec: u8, batch: &[u8]) -> Vec<u8> {
    with_body(codec, batch, &stream(codec, &batch[HEADER_LEN..]))
}

/// `batch` with another codec and body; length and checksum are right.
pub fn with_body(codec: u8, batch: &[u8], body: &[u8]) -> Vec<u8> {
    let mut made = [&batch[..HEADER_LEN], body].concat();
    let len = i32::try_from(made.len() - 12).unwrap();
    made[8..12].copy_from_slice(&len.to_be_bytes());
    made[22] = made[22] & !7 | codec;
    batch::with_checksum(made)
}

/// Below 64 KiB.
fn stream(codec: u8, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).expect("a small batch");
    let (short, long) = (len.to_le_bytes(), u32::from(len).to_le_bytes());
    match codec {
        NONE => content.to_vec(),
        GZIP => {
            let head = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1][..], &short, &(!len).to_le_bytes()].concat();
            [&head[..], content, &crc32(content).to_le_bytes(), &long].concat()
        }
        SNAPPY => {
            let mut block = Vec::new();
            batch::put_unsigned(&mut block, u64::from(len));
            block.push(61 << 2); // A literal whose length less one follows in two bytes.
            [&block[..], &(len - 1).to_le_bytes(), content].concat()
        }
        LZ4 => {
            let block = (1 << 31 | u32::from(len)).to_le_bytes();
            [&LZ4_HEAD[..], &block, content, &[0; 4]].concat()
        }
        ZSTD => {
            // One segment, its size in four bytes; the last block, stored.
            let block = (u32::from(len) << 3 | 1).to_le_bytes();
            [&ZSTD_MAGIC[..], &[0xa0], &long, &block[..3], content].concat()
        }
        _ => panic!("no codec {codec}"),
    }
}

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Magic, version 1 with independent blocks of 64 KiB, and their checksum.
const LZ4_HEAD: [u8; 7] = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];

/// A zstd frame of some hundred bytes that becomes so many times 128 KiB of zeros.
pub fn zstd_bomb(blocks: usize) -> Vec<u8> {
    // The window is 128 KiB; a block of one byte, repeated.
    let mut bomb = [&ZSTD_MAGIC[..], &[0, 7 << 3]].concat();
    for left in (0..blocks as u32).rev() {
        let block = (128 << 10) << 3 | 1 << 1 | u32::from(left == 0);
        bomb.extend_from_slice(&block.to_le_bytes()[..3]);
        bomb.push(0);
    }
    bomb
}

/// CRC-32 of gzip, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}
