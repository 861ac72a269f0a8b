//! Another codec for a produced batch, where `compression.type` of its topic is not the producer's.
//!
//! The records stay as they are, byte for byte, and so does the header but for codec, length, checksum and the largest timestamp:
//! producer id, epoch and sequence numbers are what a batch that is sent again is known by.

use crate::codec::{CodecError, Compression, Limits, decompress};
use crate::header::{BatchHeader, HEADER_LEN};
use crate::validate::{Invalid, ProducedBatch, Rules, walk};

/// `batch`, which [`validate`](crate::validate()) made by the same `rules`, in the codec that they want. Records that come
/// compressed are checked only here. The bytes of the records, not compressed, are taken from `left`, also when the batch is refused.
///
/// # Errors
/// With more than `left` bytes of uncompressed records [`CodecError::TooLarge`](crate::CodecError::TooLarge); no more memory than
/// that is used for them. The batch that is made is held against the same limits as the one that came.
pub fn recompress(
    batch: &ProducedBatch<'_>,
    rules: &Rules,
    left: &mut usize,
) -> Result<ProducedBatch<'static>, Invalid> {
    let header = *batch.header();
    let compression = header.attributes.compression().map_err(|id| Invalid::UnknownCodec { id })?;
    let Some(encoding) = rules.encoding.filter(|_| rules.recompresses(compression)) else {
        return Ok(batch.clone().into_owned());
    };
    let mut scratch = Vec::new();
    let (body, largest) = if compression == Compression::None {
        *left = left
            .checked_sub(batch.body().len())
            .ok_or_else(|| CodecError::TooLarge { codec: Compression::None, allowed: std::mem::take(left) })?;
        (batch.body(), header.max_timestamp)
    } else {
        let opened = decompress(compression, batch.body(), &limits(*left), &mut scratch);
        *left = left.saturating_sub(match opened {
            Ok(()) => scratch.len(),
            Err(CodecError::TooLarge { .. }) => *left,
            // What came before the damage is no longer there to be counted.
            Err(CodecError::Corrupt { .. }) => scratch.capacity(),
        });
        opened?;
        (&scratch[..], walk(&header, &scratch, rules)?)
    };
    let mut bytes = vec![0; HEADER_LEN];
    encoding.compress(body, &mut bytes);
    rules.check_message_size(bytes.len())?;
    rules.check_fits_segment(bytes.len())?;
    let attributes = header.attributes.with_compression(encoding.compression);
    let (attributes, max_timestamp) = rules.in_log(attributes, largest);
    let header = BatchHeader { attributes, max_timestamp, ..header };
    Ok(ProducedBatch::rebuilt(header, bytes))
}

/// Any ratio, since `most` bounds what it costs; the windows of zstd's highest levels.
fn limits(most: usize) -> Limits {
    Limits { max_decompressed_bytes: most, max_ratio: usize::MAX, ratio_free_bytes: most, zstd_window_log_max: 27 }
}

#[cfg(test)]
mod tests;
