//! The requests in their oldest form that Kafka 4 still speaks: Produce 3, Fetch 4, ListOffsets 1, ApiVersions 0,
//! CreateTopics 2 and DeleteTopics 1, for one topic and one partition each.

use std::ops::Range;

/// Takes a frame apart from its front.
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// From its first byte.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(len)?)?;
        self.at += len;
        Some(taken)
    }

    fn skip(&mut self, len: usize) -> Option<()> {
        self.take(len).map(drop)
    }

    /// Two bytes.
    pub fn i16(&mut self) -> Option<i16> {
        self.take(2)?.try_into().ok().map(i16::from_be_bytes)
    }

    /// Four bytes.
    pub fn i32(&mut self) -> Option<i32> {
        self.take(4)?.try_into().ok().map(i32::from_be_bytes)
    }

    /// Eight bytes.
    pub fn i64(&mut self) -> Option<i64> {
        self.take(8)?.try_into().ok().map(i64::from_be_bytes)
    }

    /// A string that may be null.
    pub fn string(&mut self) -> Option<&'a [u8]> {
        let len = self.i16()?;
        self.take(usize::try_from(len).unwrap_or(0))
    }
}

/// What a client wants; ranges are places in the frame.
pub enum Wanted<'a> {
    Produce { acks: i16, topic: Range<usize>, partition: i32, records: Range<usize> },
    Fetch(Fetch),
    Offsets { topic: &'a [u8], partition: i32 },
    Versions,
    Create { topic: &'a [u8] },
    Delete { topic: &'a [u8] },
}

/// A fetch, which may wait.
pub struct Fetch {
    pub correlation_id: i32,
    pub topic: Vec<u8>,
    pub partition: i32,
    pub offset: i64,
    pub bytes_max: u64,
}

/// The correlation id and what is wanted; `None` where it is none of these.
pub fn parse(frame: &[u8]) -> Option<(i32, Wanted<'_>)> {
    let mut r = Reader::new(frame);
    let (key, _version, correlation_id) = (r.i16()?, r.i16()?, r.i32()?);
    r.string()?;
    let wanted = match key {
        0 => {
            r.string()?;
            let acks = r.i16()?;
            r.skip(8)?;
            let topic = r.string()?.len();
            let topic = r.at - topic..r.at;
            r.skip(4)?;
            let (partition, len) = (r.i32()?, usize::try_from(r.i32()?).ok()?);
            let begin = r.at;
            r.skip(len)?;
            Wanted::Produce { acks, topic, partition, records: begin..begin + len }
        }
        1 => {
            r.skip(12)?;
            let bytes_max = u64::try_from(r.i32()?).ok()?;
            r.skip(5)?;
            let topic = r.string()?.to_vec();
            r.skip(4)?;
            let (partition, offset) = (r.i32()?, r.i64()?);
            Wanted::Fetch(Fetch { correlation_id, topic, partition, offset, bytes_max })
        }
        2 => {
            r.skip(8)?;
            let topic = r.string()?;
            r.skip(4)?;
            Wanted::Offsets { topic, partition: r.i32()? }
        }
        18 => Wanted::Versions,
        19 => {
            r.skip(4)?;
            Wanted::Create { topic: r.string()? }
        }
        20 => {
            r.skip(4)?;
            Wanted::Delete { topic: r.string()? }
        }
        _ => return None,
    };
    Some((correlation_id, wanted))
}

/// Appends an answer with its size; `rest` are bytes that come from elsewhere behind it.
pub fn answer(out: &mut Vec<u8>, correlation_id: i32, rest: u64, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0; 4]);
    out.extend(correlation_id.to_be_bytes());
    body(out);
    let size = (out.len() - start - 4) as u64 + rest;
    out[start..start + 4].copy_from_slice(&(size as u32).to_be_bytes());
}

/// The head of what is told of one partition.
pub fn put_partition(out: &mut Vec<u8>, topic: &[u8], partition: i32) {
    out.extend(1_i32.to_be_bytes());
    put_string(out, topic);
    out.extend(1_i32.to_be_bytes());
    out.extend(partition.to_be_bytes());
}

/// With its length before it.
pub fn put_string(out: &mut Vec<u8>, string: &[u8]) {
    out.extend((string.len() as i16).to_be_bytes());
    out.extend(string);
}
