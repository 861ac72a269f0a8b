use std::io::Write;

use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
use proptest::prelude::*;

use super::*;
use crate::samples::any_codec;

const CODECS: [Compression; 4] = [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

fn compressed(codec: Compression, input: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    compress(codec, input, &mut out);
    out
}

fn decompressed(codec: Compression, input: &[u8], limits: &Limits) -> Result<Vec<u8>, CodecError> {
    let mut out = b"left from before".to_vec();
    decompress(codec, input, limits, &mut out).map(|()| out)
}

fn no_limits() -> Limits {
    Limits { max_decompressed_bytes: 1 << 30, max_ratio: usize::MAX, ratio_free_bytes: 0, zstd_window_log_max: 31 }
}

/// Bytes that compress, but not to nothing.
fn text(len: usize) -> Vec<u8> {
    let words =
        (0u32..).flat_map(|i| format!("{{\"id\":{},\"n\":{}}}\n", i, i.wrapping_mul(2_654_435_761) % 977).into_bytes());
    words.take(len).collect()
}

#[test]
fn ids_and_names_are_kafkas() {
    let names: Vec<_> = (0..5).map(|id| Compression::from_id(id).unwrap().to_string()).collect();
    assert_eq!(names, ["none", "gzip", "snappy", "lz4", "zstd"]);
    assert_eq!(Compression::ALL.map(Compression::id), [0, 1, 2, 3, 4]);
    assert_eq!(Compression::from_id(5), None);
}

#[test]
fn output_is_appended() {
    for codec in Compression::ALL {
        let mut out = b"before".to_vec();
        compress(codec, b"after", &mut out);
        assert_eq!(&out[..6], b"before");
        assert_eq!(decompressed(codec, &out[6..], &no_limits()).unwrap(), b"after");
    }
}

#[test]
fn sizes_around_blocks_and_buffers() {
    for codec in CODECS {
        for len in [0, 1, 100, 4_095, 4_096, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 1_000_000] {
            let input = text(len);
            let bytes = compressed(codec, &input);
            assert!(decompressed(codec, &bytes, &Limits::default()).unwrap() == input, "{codec} {len}");
            assert!(len < 4_096 || bytes.len() < len * 3 / 4, "{codec}: {len} bytes became {}", bytes.len());
        }
    }
}

#[test]
fn concatenated_streams_are_read_whole() {
    for codec in [Compression::Gzip, Compression::Lz4, Compression::Zstd] {
        let bytes = [compressed(codec, b"one "), compressed(codec, b""), compressed(codec, b"two")].concat();
        assert_eq!(decompressed(codec, &bytes, &no_limits()).unwrap(), b"one two", "{codec}");
    }
}

#[test]
fn every_cut_is_an_error() {
    let input = text(300);
    for codec in CODECS {
        let bytes = compressed(codec, &input);
        for len in 0..bytes.len() {
            // An xerial header without blocks is a stream of nothing.
            let is_nothing = codec == Compression::Snappy && len == 16;
            let result = decompressed(codec, &bytes[..len], &no_limits());
            assert_eq!(result.is_ok(), is_nothing, "{codec} cut to {len}");
        }
    }
}

#[test]
fn bombs_are_refused() {
    let zeros = vec![0; 8 << 20];
    for codec in CODECS {
        let bytes = compressed(codec, &zeros);
        let limit = |max_decompressed_bytes| Limits { max_decompressed_bytes, ..no_limits() };
        let too_large = |allowed| Err(CodecError::TooLarge { codec, allowed });
        assert_eq!(decompressed(codec, &bytes, &limit(zeros.len())).map(|out| out.len()), Ok(zeros.len()), "{codec}");
        for allowed in [zeros.len() - 1, 100_000, 1, 0] {
            assert_eq!(decompressed(codec, &bytes, &limit(allowed)), too_large(allowed), "{codec}");
        }
        let ratio = Limits { max_ratio: 3, ratio_free_bytes: 10, ..no_limits() };
        assert_eq!(decompressed(codec, &bytes, &ratio), too_large(3 * bytes.len()), "{codec}");
        let free = Limits { max_ratio: 3, ratio_free_bytes: zeros.len(), ..no_limits() };
        assert!(decompressed(codec, &bytes, &free).is_ok(), "{codec}");
    }
}

#[test]
fn default_limits_stop_a_thousandfold() {
    let bytes = compressed(Compression::Zstd, &vec![0; 32 << 20]);
    let allowed = (1_000 * bytes.len()).max(1 << 20);
    let expected = Err(CodecError::TooLarge { codec: Compression::Zstd, allowed });
    assert_eq!(decompressed(Compression::Zstd, &bytes, &Limits::default()), expected);
}

/// Room is made for what a stream holds, not for what it claims.
#[test]
fn claims_allocate_nothing() {
    let limits = no_limits();
    let snappy_of_512_mib = [0x80, 0x80, 0x80, 0x80, 0x02, 0x00, b'x'];
    let mut lz4_of_4_mib = compressed(Compression::Lz4, b"")[..4].to_vec();
    lz4_of_4_mib.extend_from_slice(&[0x60, 0x70, 0x73, 2, 0, 0, 0, 0x10, b'x', 0, 0, 0, 0]);
    for (codec, input) in [(Compression::Snappy, &snappy_of_512_mib[..]), (Compression::Lz4, &lz4_of_4_mib)] {
        let mut out = Vec::new();
        let result = decompress(codec, input, &limits, &mut out);
        assert_eq!(result.is_ok(), codec == Compression::Lz4, "{result:?}");
        assert!(out.capacity() < 10_000, "{codec} made room for {}", out.capacity());
    }
}

#[test]
fn zstd_windows_are_limited() {
    let mut encoder = ::zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(24).unwrap();
    encoder.write_all(&text(100_000)).unwrap();
    let bytes = encoder.finish().unwrap();
    assert!(matches!(decompressed(Compression::Zstd, &bytes, &Limits::default()), Err(CodecError::Corrupt { .. })));
    let wide = Limits { zstd_window_log_max: 24, ..Limits::default() };
    assert_eq!(decompressed(Compression::Zstd, &bytes, &wide).unwrap(), text(100_000));
}

/// A failed stream leaves nothing behind in the decoder that its thread keeps.
#[test]
fn zstd_context_recovers() {
    let bytes = compressed(Compression::Zstd, &text(200_000));
    for cut in [0, 10, 5_000] {
        assert!(decompressed(Compression::Zstd, &bytes[..cut], &no_limits()).is_err());
        assert_eq!(decompressed(Compression::Zstd, &bytes, &no_limits()).unwrap(), text(200_000));
    }
}

#[test]
fn raw_snappy_is_read() {
    let input = text(50_000);
    let raw = snap::raw::Encoder::new().compress_vec(&input).unwrap();
    assert_eq!(decompressed(Compression::Snappy, &raw, &Limits::default()).unwrap(), input);
}

#[test]
fn xerial_versions_are_ignored() {
    let mut bytes = compressed(Compression::Snappy, b"text");
    assert_eq!(bytes[..16], *b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01");
    bytes[8..16].fill(0x7F);
    assert_eq!(decompressed(Compression::Snappy, &bytes, &no_limits()).unwrap(), b"text");
}

/// The library's own frames: linked and independent blocks, every size, with all checksums and the content size.
#[test]
fn lz4_frames_of_the_library_are_read() {
    let input = text(700_000);
    for mode in [BlockMode::Linked, BlockMode::Independent] {
        for size in [BlockSize::Max64KB, BlockSize::Max256KB, BlockSize::Max1MB, BlockSize::Max4MB] {
            let info = FrameInfo::new().block_mode(mode).block_size(size).block_checksums(true);
            let info = info.content_checksum(true).content_size(Some(input.len() as u64));
            let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
            encoder.write_all(&input).unwrap();
            let bytes = encoder.finish().unwrap();
            assert!(decompressed(Compression::Lz4, &bytes, &Limits::default()).unwrap() == input, "{mode:?} {size:?}");
            for at in [5, 15, bytes.len() / 2, bytes.len() - 1] {
                let mut damaged = bytes.clone();
                damaged[at] ^= 4;
                assert!(decompressed(Compression::Lz4, &damaged, &Limits::default()).is_err(), "byte {at}");
            }
        }
    }
}

#[test]
fn lz4_frames_are_read_by_the_library() {
    for input in [text(200_000), Vec::new(), (0..=255).collect()] {
        let bytes = compressed(Compression::Lz4, &input);
        let mut out = Vec::new();
        std::io::copy(&mut lz4_flex::frame::FrameDecoder::new(&bytes[..]), &mut out).unwrap();
        assert_eq!(out, input);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_come_back(codec in any_codec(), input: Vec<u8>, times in 1..200usize) {
        let input = input.repeat(times);
        prop_assert_eq!(decompressed(codec, &compressed(codec, &input), &no_limits()), Ok(input));
    }

    #[test]
    fn garbage_is_survived(codec in any_codec(), input: Vec<u8>, at in any::<prop::sample::Index>(), noise: [u8; 4]) {
        let limits = Limits { max_decompressed_bytes: 1 << 20, ..Limits::default() };
        decompressed(codec, &input, &limits).ok();
        let mut bytes = compressed(codec, &input.repeat(30));
        if bytes.len() > 4 {
            let at = at.index(bytes.len() - 4);
            bytes[at..at + 4].copy_from_slice(&noise);
        }
        let out = decompressed(codec, &bytes, &limits);
        prop_assert!(out.map_or(0, |out| out.len()) <= 1 << 20);
    }
}
