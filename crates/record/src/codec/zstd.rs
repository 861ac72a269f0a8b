//! Zstandard (KIP-110), of one frame or several. Contexts are kept per thread: making one costs more than a small batch.

use std::cell::RefCell;
use std::io;

use zstd::bulk::Compressor;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};
use zstd::zstd_safe::compress_bound;

use super::{CodecError, Compression};

/// zstd's own default, and Kafka's.
const LEVEL: i32 = 3;
/// The output begins with so much room, or four times the input.
const MIN_ROOM: usize = 4 << 10;

thread_local! {
    static DECODER: RefCell<Option<Decoder<'static>>> = const { RefCell::new(None) };
    /// With its level.
    static COMPRESSOR: RefCell<Option<(i32, Compressor<'static>)>> = const { RefCell::new(None) };
}

pub(super) fn decompress(
    input: &[u8],
    allowed: usize,
    window_log_max: u32,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    DECODER.with_borrow_mut(|slot| {
        let decoder = match slot {
            Some(decoder) => decoder,
            None => slot.insert(Decoder::new().map_err(corrupt)?),
        };
        decoder.reinit().map_err(corrupt)?;
        decoder.set_parameter(DParameter::WindowLogMax(window_log_max)).map_err(corrupt)?;
        decompress_frames(decoder, input, allowed, out)
    })
}

/// Runs the decoder until the input is used up at the end of a frame, giving it more room whenever it fills what it has.
fn decompress_frames(
    decoder: &mut Decoder<'_>,
    input: &[u8],
    allowed: usize,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    let mut source = InBuffer::around(input);
    let mut room = input.len().saturating_mul(4).max(MIN_ROOM);
    loop {
        // One byte more than allowed tells a stream that is too long from one that just fits.
        room = room.min(allowed + 1 - out.len());
        out.reserve(room);
        let written = out.len();
        let mut target = OutBuffer::around_pos(out, written);
        let missing = decoder.run(&mut source, &mut target).map_err(corrupt)?;
        let is_full = target.pos() == target.capacity();
        if out.len() > allowed {
            return Err(CodecError::TooLarge { codec: Compression::Zstd, allowed });
        }
        match (source.pos() == input.len(), missing) {
            (true, 0) => return Ok(()),
            (true, _) if !is_full => return Err(corrupt("it ends within a frame")),
            _ => room = out.len(),
        }
    }
}

pub(super) fn compress(level: Option<i32>, input: &[u8], out: &mut Vec<u8>) {
    let level = level.unwrap_or(LEVEL);
    let start = out.len();
    out.resize(start + compress_bound(input.len()), 0);
    let len = COMPRESSOR
        .with_borrow_mut(|slot| {
            let (_, compressor) = match slot {
                Some(kept) if kept.0 == level => kept,
                _ => slot.insert((level, Compressor::new(level)?)),
            };
            compressor.compress_to_buffer(input, &mut out[start..])
        })
        .unwrap_or_else(|error: io::Error| panic!("zstd has the room that it asked for: {error}"));
    out.truncate(start + len);
}

fn corrupt(reason: impl ToString) -> CodecError {
    CodecError::corrupt(Compression::Zstd, reason)
}
