//! Gzip (RFC 1952), of one member or several.

use std::io::{Read, Write};

use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::{CodecError, Compression};

pub(super) fn decompress(input: &[u8], allowed: usize, out: &mut Vec<u8>) -> Result<(), CodecError> {
    // One byte more than allowed tells a stream that is too long from one that just fits.
    let mut limited = MultiGzDecoder::new(input).take(allowed as u64 + 1);
    limited.read_to_end(out).map_err(|error| CodecError::corrupt(Compression::Gzip, error))?;
    if out.len() > allowed {
        return Err(CodecError::TooLarge { codec: Compression::Gzip, allowed });
    }
    Ok(())
}

pub(super) fn compress(level: Option<i32>, input: &[u8], out: &mut Vec<u8>) {
    let level =
        level.map_or_else(flate2::Compression::default, |level| flate2::Compression::new(level.clamp(1, 9) as u32));
    let mut encoder = GzEncoder::new(out, level);
    encoder.write_all(input).and_then(|()| encoder.try_finish()).expect("a Vec takes all that is written");
}
