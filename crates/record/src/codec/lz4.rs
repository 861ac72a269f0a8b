//! LZ4's frame format, read and written here around the block codec, because the frame streams of the library allocate
//! and clear their buffers for each batch.
//!
//! ```text
//! magic | FLG | BD | [content size u64] | [dictionary id u32] | header checksum u8
//!   | { size u32, high bit: not compressed | data | [checksum u32] } ... | 0 u32 | [checksum of the content u32]
//! ```
//! All integers are little-endian, the checksums are XXH32.

use lz4_flex::block::{
    CompressTable, DecompressError, compress_into_with_table, decompress_into, decompress_into_with_dict,
    get_maximum_output_size,
};

use super::xxh32::xxh32;
use super::{CodecError, Compression};

const MAGIC: [u8; 4] = 0x184D_2204u32.to_le_bytes();
/// Version 1, independent blocks, no checksums: the batch has its own.
const WRITTEN_FLG: u8 = 0b0110_0000;
/// Blocks of 64 KiB.
const WRITTEN_BD: u8 = 0b0100_0000;
const WRITTEN_BLOCK_LEN: usize = 64 << 10;
const NOT_COMPRESSED: u32 = 1 << 31;
/// How far back a block that depends on earlier ones may reach.
const WINDOW_LEN: usize = 64 << 10;
/// A byte of a block stands for at most so many.
const MAX_RATIO: usize = 255;

pub(super) fn decompress(input: &[u8], allowed: usize, out: &mut Vec<u8>) -> Result<(), CodecError> {
    let mut input = Input(input);
    let mut output = Output { bytes: out, len: 0, allowed };
    loop {
        Frame::read(&mut input)?.decompress(&mut input, &mut output)?;
        if input.0.is_empty() {
            output.bytes.truncate(output.len);
            return Ok(());
        }
    }
}

pub(super) fn compress(input: &[u8], out: &mut Vec<u8>) {
    let descriptor = [WRITTEN_FLG, WRITTEN_BD];
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&descriptor);
    out.push(header_checksum(&descriptor));
    let mut table = CompressTable::default();
    for block in input.chunks(WRITTEN_BLOCK_LEN) {
        compress_block(block, &mut table, out);
    }
    out.extend_from_slice(&[0; 4]);
}

/// Appends one block, as it is when it would not become smaller.
fn compress_block(block: &[u8], table: &mut CompressTable, out: &mut Vec<u8>) {
    let size_at = out.len();
    let start = size_at + 4;
    out.resize(start + get_maximum_output_size(block.len()), 0);
    let len = compress_into_with_table(block, &mut out[start..], table).expect("the room is what LZ4 asks for");
    let size = if len < block.len() {
        out.truncate(start + len);
        len as u32
    } else {
        out.truncate(start);
        out.extend_from_slice(block);
        block.len() as u32 | NOT_COMPRESSED
    };
    out[size_at..start].copy_from_slice(&size.to_le_bytes());
}

/// What the descriptor of a frame says.
struct Frame {
    blocks_are_linked: bool,
    block_checksums: bool,
    content_size: Option<u64>,
    content_checksum: bool,
    max_block_len: usize,
}

impl Frame {
    fn read(input: &mut Input<'_>) -> Result<Frame, CodecError> {
        if input.chunk()? != MAGIC {
            return Err(corrupt("no frame begins where one should"));
        }
        let descriptor = input.0;
        let [flg, bd] = input.chunk()?;
        if flg >> 6 != 1 || flg & 0b10 != 0 || bd & 0b1000_1111 != 0 {
            return Err(corrupt("unknown frame version or flags"));
        }
        if flg & 0b1 != 0 {
            return Err(corrupt("the frame needs a dictionary"));
        }
        let content_size = if flg & 0b1000 != 0 { Some(u64::from_le_bytes(input.chunk()?)) } else { None };
        let descriptor = &descriptor[..descriptor.len() - input.0.len()];
        if input.chunk()? != [header_checksum(descriptor)] {
            return Err(corrupt("wrong header checksum"));
        }
        Ok(Frame {
            blocks_are_linked: flg & 0b10_0000 == 0,
            block_checksums: flg & 0b1_0000 != 0,
            content_size,
            content_checksum: flg & 0b100 != 0,
            max_block_len: max_block_len(bd >> 4)?,
        })
    }

    /// Reads the blocks up to the end mark, and checks what the frame says of its content.
    fn decompress(&self, input: &mut Input<'_>, output: &mut Output<'_>) -> Result<(), CodecError> {
        let start = output.len;
        loop {
            let size = u32::from_le_bytes(input.chunk()?);
            if size == 0 {
                break;
            }
            let block = input.take((size & !NOT_COMPRESSED) as usize)?;
            if self.block_checksums && u32::from_le_bytes(input.chunk()?) != xxh32(block) {
                return Err(corrupt("wrong block checksum"));
            }
            if size & NOT_COMPRESSED != 0 {
                output.copy(block, self.max_block_len)?;
            } else {
                let window = if self.blocks_are_linked { (output.len - start).min(WINDOW_LEN) } else { 0 };
                output.decompress(block, self.max_block_len, window)?;
            }
        }
        self.check_content(input, &output.bytes[start..output.len])
    }

    fn check_content(&self, input: &mut Input<'_>, content: &[u8]) -> Result<(), CodecError> {
        if self.content_size.is_some_and(|size| size != content.len() as u64) {
            return Err(corrupt("the content has not the size that the frame says"));
        }
        if self.content_checksum && u32::from_le_bytes(input.chunk()?) != xxh32(content) {
            return Err(corrupt("wrong content checksum"));
        }
        Ok(())
    }
}

/// The bytes that are not read yet.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let (chunk, rest) = self.0.split_first_chunk().ok_or_else(|| corrupt("the frame is cut off"))?;
        self.0 = rest;
        Ok(*chunk)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or_else(|| corrupt("a block is cut off"))?;
        self.0 = rest;
        Ok(taken)
    }
}

/// What was decompressed. `bytes` may be longer than `len`, so that room is cleared once and not for each block.
struct Output<'a> {
    bytes: &'a mut Vec<u8>,
    len: usize,
    allowed: usize,
}

impl Output<'_> {
    fn copy(&mut self, block: &[u8], max_block_len: usize) -> Result<(), CodecError> {
        if block.len() > max_block_len {
            return Err(corrupt("a block is larger than the frame says"));
        }
        if block.len() > self.allowed - self.len {
            return Err(self.too_large());
        }
        self.bytes.truncate(self.len);
        self.bytes.extend_from_slice(block);
        self.len += block.len();
        Ok(())
    }

    /// Appends what `block` becomes; it may refer to the last `window` bytes of the output.
    fn decompress(&mut self, block: &[u8], max_block_len: usize, window: usize) -> Result<(), CodecError> {
        let block_room = max_block_len.min(block.len().saturating_mul(MAX_RATIO));
        let room = block_room.min(self.allowed - self.len);
        if self.bytes.len() < self.len + room {
            self.bytes.resize(self.len + room, 0);
        }
        let (before, after) = self.bytes.split_at_mut(self.len);
        let result = match window {
            0 => decompress_into(block, &mut after[..room]),
            _ => decompress_into_with_dict(block, &mut after[..room], &before[before.len() - window..]),
        };
        match result {
            Ok(len) => {
                self.len += len;
                Ok(())
            }
            Err(DecompressError::OutputTooSmall { .. }) if room < block_room => Err(self.too_large()),
            Err(error) => Err(corrupt(error)),
        }
    }

    fn too_large(&self) -> CodecError {
        CodecError::TooLarge { codec: Compression::Lz4, allowed: self.allowed }
    }
}

/// The largest block of a frame, by the id in its descriptor.
fn max_block_len(id: u8) -> Result<usize, CodecError> {
    match id {
        4 => Ok(64 << 10),
        5 => Ok(256 << 10),
        6 => Ok(1 << 20),
        7 => Ok(4 << 20),
        _ => Err(corrupt("unknown block size")),
    }
}

fn header_checksum(descriptor: &[u8]) -> u8 {
    (xxh32(descriptor) >> 8) as u8
}

fn corrupt(reason: impl ToString) -> CodecError {
    CodecError::corrupt(Compression::Lz4, reason)
}
