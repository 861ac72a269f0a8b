//! The codecs of record batches, as Kafka frames them, with limits against decompression bombs.

mod gzip;
mod lz4;
mod snappy;
mod xxh32;
mod zstd;

/// How the records of a batch are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// RFC 1952.
    Gzip,
    /// Snappy, in the blocks of xerial's Java library or, as librdkafka sends it, as one raw block.
    Snappy,
    /// LZ4's frame format.
    Lz4,
    /// Zstandard (KIP-110).
    Zstd,
}

impl Compression {
    /// Every codec.
    pub const ALL: [Compression; 5] =
        [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

    /// The codec of Kafka's id, 0 to 4.
    pub fn from_id(id: u8) -> Option<Compression> {
        Compression::ALL.get(usize::from(id)).copied()
    }

    /// Kafka's id.
    pub fn id(self) -> u8 {
        self as u8
    }

    /// Kafka's name, as in `compression.type`.
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Snappy => "snappy",
            Compression::Lz4 => "lz4",
            Compression::Zstd => "zstd",
        }
    }
}

impl std::fmt::Display for Compression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// How much decompression may yield and use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of one decompressed batch.
    pub max_decompressed_bytes: usize,
    /// How many bytes each compressed byte may become, above `ratio_free_bytes`.
    pub max_ratio: usize,
    /// Up to so many decompressed bytes, any ratio is allowed.
    pub ratio_free_bytes: usize,
    /// The largest zstd window, as a power of two.
    pub zstd_window_log_max: u32,
}

impl Default for Limits {
    /// 128 MiB; 1,000:1 above 1 MiB; a zstd window of 8 MiB.
    fn default() -> Limits {
        Limits {
            max_decompressed_bytes: 128 << 20,
            max_ratio: 1_000,
            ratio_free_bytes: 1 << 20,
            zstd_window_log_max: 23,
        }
    }
}

impl Limits {
    /// The most bytes that `compressed_len` bytes may become.
    fn allowed(&self, compressed_len: usize) -> usize {
        let by_ratio = compressed_len.saturating_mul(self.max_ratio).max(self.ratio_free_bytes);
        by_ratio.min(self.max_decompressed_bytes)
    }
}

/// Compressed bytes cannot be decompressed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// They are not what the codec writes.
    #[error("the {codec} data is damaged: {reason}")]
    Corrupt {
        /// The codec.
        codec: Compression,
        /// What the codec found.
        reason: String,
    },
    /// They become more than the [`Limits`] allow.
    #[error("the {codec} data decompresses to more than the {allowed} bytes allowed for its size")]
    TooLarge {
        /// The codec.
        codec: Compression,
        /// The most bytes they might have become.
        allowed: usize,
    },
}

impl CodecError {
    fn corrupt(codec: Compression, reason: impl ToString) -> CodecError {
        CodecError::Corrupt { codec, reason: reason.to_string() }
    }
}

/// Decompresses `input` into `out`, whose contents are replaced; after an error they are unspecified.
///
/// `out` grows with what is decompressed, and never beyond `limits`, whatever sizes `input` claims.
pub fn decompress(codec: Compression, input: &[u8], limits: &Limits, out: &mut Vec<u8>) -> Result<(), CodecError> {
    out.clear();
    let allowed = limits.allowed(input.len());
    match codec {
        Compression::None if input.len() > limits.max_decompressed_bytes => {
            Err(CodecError::TooLarge { codec, allowed: limits.max_decompressed_bytes })
        }
        Compression::None => {
            out.extend_from_slice(input);
            Ok(())
        }
        Compression::Gzip => gzip::decompress(input, allowed, out),
        Compression::Snappy => snappy::decompress(input, allowed, out),
        Compression::Lz4 => lz4::decompress(input, allowed, out),
        Compression::Zstd => zstd::decompress(input, allowed, limits.zstd_window_log_max, out),
    }
}

/// Appends `input`, compressed, to `out`, at the default level of the codec.
pub fn compress(codec: Compression, input: &[u8], out: &mut Vec<u8>) {
    Encoding::of(codec).compress(input, out);
}

/// A codec and how hard it tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// The codec.
    pub compression: Compression,
    /// Gzip's 1 to 9 or zstd's -131072 to 22 (KIP-780); `None` is the default of the codec. Snappy has no levels, and LZ4 is
    /// written at its fast one only.
    pub level: Option<i32>,
}

impl Encoding {
    /// At the default level.
    pub fn of(compression: Compression) -> Encoding {
        Encoding { compression, level: None }
    }

    /// Appends `input`, compressed, to `out`.
    pub fn compress(self, input: &[u8], out: &mut Vec<u8>) {
        match self.compression {
            Compression::None => out.extend_from_slice(input),
            Compression::Gzip => gzip::compress(self.level, input, out),
            Compression::Snappy => snappy::compress(input, out),
            Compression::Lz4 => lz4::compress(input, out),
            Compression::Zstd => zstd::compress(self.level, input, out),
        }
    }
}

#[cfg(test)]
mod tests;
