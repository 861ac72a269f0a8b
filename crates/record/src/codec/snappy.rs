//! Snappy: raw, or in the stream of xerial's Java library, which is what Kafka's own clients read and write.
//!
//! ```text
//! 0x82 "SNAPPY" 0x00 | version i32 | compatible version i32 | { length i32, raw snappy } ...
//! ```

use snap::raw::{Decoder, Encoder, decompress_len, max_compress_len};

use super::{CodecError, Compression};

const XERIAL_MAGIC: [u8; 8] = *b"\x82SNAPPY\0";
const XERIAL_HEADER_LEN: usize = 16;
/// Version and compatible version; readers ignore them.
const XERIAL_VERSIONS: [u8; 8] = [0, 0, 0, 1, 0, 0, 0, 1];
/// What xerial's library puts into one block.
const BLOCK_LEN: usize = 32 << 10;
/// A copy of 64 bytes takes three, so no honest block claims to grow more than this.
const MAX_RATIO: usize = 22;

pub(super) fn decompress(input: &[u8], allowed: usize, out: &mut Vec<u8>) -> Result<(), CodecError> {
    if input.len() < XERIAL_HEADER_LEN || !input.starts_with(&XERIAL_MAGIC) {
        return decompress_block(input, allowed, out);
    }
    let mut rest = &input[XERIAL_HEADER_LEN..];
    while !rest.is_empty() {
        let block;
        (block, rest) = split_block(rest).ok_or_else(|| corrupt("a block is cut off"))?;
        decompress_block(block, allowed, out)?;
    }
    Ok(())
}

/// The first length-prefixed block of `bytes`, and what follows it.
fn split_block(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(i32::from_be_bytes(*len)).ok()?)
}

/// Appends what `block` decompresses to. Room is made for the claimed length only if the block could hold it.
fn decompress_block(block: &[u8], allowed: usize, out: &mut Vec<u8>) -> Result<(), CodecError> {
    let claimed = decompress_len(block).map_err(corrupt)?;
    if claimed > block.len().saturating_mul(MAX_RATIO) {
        return Err(corrupt("a block claims more than it can hold"));
    }
    if claimed > allowed - out.len() {
        return Err(CodecError::TooLarge { codec: Compression::Snappy, allowed });
    }
    let start = out.len();
    out.resize(start + claimed, 0);
    let written = Decoder::new().decompress(block, &mut out[start..]).map_err(corrupt)?;
    out.truncate(start + written);
    Ok(())
}

pub(super) fn compress(input: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&XERIAL_MAGIC);
    out.extend_from_slice(&XERIAL_VERSIONS);
    let mut encoder = Encoder::new();
    for block in input.chunks(BLOCK_LEN) {
        let len_at = out.len();
        let start = len_at + 4;
        out.resize(start + max_compress_len(block.len()), 0);
        let len = encoder.compress(block, &mut out[start..]).expect("the room is what snappy asks for");
        out[len_at..start].copy_from_slice(&(len as i32).to_be_bytes());
        out.truncate(start + len);
    }
}

fn corrupt(reason: impl ToString) -> CodecError {
    CodecError::corrupt(Compression::Snappy, reason)
}
