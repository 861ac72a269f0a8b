//! Frames: how a reader tells a cut-off write from damage.

const MAGIC: [u8; 4] = *b"OTQ1";
const HEADER_LEN: usize = 20;
/// Where the checksummed part begins.
const COVERED_FROM: usize = 8;

/// One frame. The payload stays below 4 GiB: a turn appends what a few requests decided.
pub(super) fn encode(sequence: u64, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).expect("a turn's entries stay below 4 GiB");
    let mut bytes = Vec::with_capacity(HEADER_LEN + payload.len());
    bytes.extend(MAGIC);
    bytes.extend([0; 4]);
    bytes.extend(len.to_be_bytes());
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(payload);
    let crc = record::crc32c(&bytes[COVERED_FROM..]);
    bytes[MAGIC.len()..COVERED_FROM].copy_from_slice(&crc.to_be_bytes());
    bytes
}

/// The payloads of all whole frames up to the end or up to a last one that was cut off.
pub(super) fn scan(bytes: &[u8]) -> Result<Vec<&[u8]>, Damage> {
    let mut payloads = Vec::new();
    let mut at = 0;
    while let Some(frame) = parse(&bytes[at..]).filter(|frame| frame.sequence == payloads.len() as u64) {
        payloads.push(frame.payload);
        at += HEADER_LEN + frame.payload.len();
    }
    if payloads.is_empty() {
        return Err(Damage::NoFrame);
    }
    if at < bytes.len() && follows_a_frame(&bytes[at..]) {
        return Err(Damage::Broken { position: at });
    }
    Ok(payloads)
}

/// The bytes that the frames of these payloads take.
pub(super) fn total_len(payloads: &[&[u8]]) -> usize {
    payloads.iter().map(|payload| HEADER_LEN + payload.len()).sum()
}

/// What is wrong with a file of frames.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Damage {
    /// The first frame is written with the file, before the file has its name.
    #[error("its first frame is broken")]
    NoFrame,
    /// A frame is broken that was durable before later ones were written.
    #[error("the frame at byte {position} is broken, but later ones are whole")]
    Broken {
        /// Where the frame begins.
        position: usize,
    },
}

struct Frame<'a> {
    sequence: u64,
    payload: &'a [u8],
}

fn parse(bytes: &[u8]) -> Option<Frame<'_>> {
    let (magic, rest) = bytes.split_first_chunk::<4>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let (sequence, rest) = rest.split_first_chunk::<8>()?;
    let payload = rest.get(..usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
    let covered = &bytes[COVERED_FROM..HEADER_LEN + payload.len()];
    let whole = *magic == MAGIC && u32::from_be_bytes(*crc) == record::crc32c(covered);
    whole.then_some(Frame { sequence: u64::from_be_bytes(*sequence), payload })
}

/// Whether a whole frame begins anywhere in `bytes`. The broken frame's length is not to be trusted, so every byte is tried.
fn follows_a_frame(bytes: &[u8]) -> bool {
    bytes.windows(MAGIC.len()).enumerate().any(|(at, magic)| magic == MAGIC && parse(&bytes[at..]).is_some())
}

#[cfg(test)]
mod tests;
