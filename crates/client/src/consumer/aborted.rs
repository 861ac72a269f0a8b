//! Leaves out the records of aborted transactions (KIP-98).

use std::collections::{HashSet, VecDeque};

use record::{Batch, Limits, Offset, ProducerId};

/// The aborted transactions of one answer.
#[derive(Debug, Default)]
pub(super) struct Aborted {
    /// By first offset.
    to_come: VecDeque<(Offset, ProducerId)>,
    under_way: HashSet<ProducerId>,
}

impl Aborted {
    pub(super) fn new(transactions: impl Iterator<Item = (Offset, ProducerId)>) -> Aborted {
        let mut to_come: Vec<_> = transactions.collect();
        to_come.sort_unstable_by_key(|(first_offset, _)| *first_offset);
        Aborted { to_come: to_come.into(), under_way: HashSet::new() }
    }

    /// Whether the next batch belongs to an aborted transaction.
    pub(super) fn leaves_out(&mut self, batch: &Batch<'_>, scratch: &mut Vec<u8>) -> bool {
        let header = batch.header();
        while let Some(&(first_offset, producer)) = self.to_come.front()
            && first_offset <= header.last_offset()
        {
            self.under_way.insert(producer);
            self.to_come.pop_front();
        }
        if header.attributes.is_control() && is_abort(batch, scratch) {
            self.under_way.remove(&header.producer_id);
        }
        header.attributes.is_transactional()
            && !header.attributes.is_control()
            && self.under_way.contains(&header.producer_id)
    }
}

/// The key of a control record: its version, and its type, of which 0 is ABORT.
fn is_abort(batch: &Batch<'_>, scratch: &mut Vec<u8>) -> bool {
    let Ok(mut records) = batch.records(&Limits::default(), scratch) else { return false };
    let first = records.next().and_then(Result::ok);
    first.and_then(|record| record.key).and_then(|key| key.get(2..4)) == Some(&[0, 0])
}

#[cfg(test)]
mod tests {
    use record::{BatchBuilder, BatchHeader, Compression, HEADER_LEN, ProducerEpoch, Timestamp};

    use super::*;

    /// A batch at this offset; `marker` makes it one of control records of this type.
    fn batch(offset: i64, producer: i64, marker: Option<u8>) -> Vec<u8> {
        let mut builder = BatchBuilder::new(Compression::None);
        builder.producer(ProducerId(producer), ProducerEpoch(0), 0).transactional(true).control(marker.is_some());
        let key = [0, 0, 0, marker.unwrap_or(9)];
        builder.append(Timestamp(1), Some(&key), Some(b"value"), &[]);
        let mut bytes = builder.build();
        let head = bytes.first_chunk_mut::<HEADER_LEN>().unwrap();
        *head = BatchHeader { base_offset: Offset(offset), ..BatchHeader::decode(head) }.encode();
        bytes
    }

    #[test]
    fn aborted_records_are_left_out_up_to_their_marker() {
        let (abort, commit) = (Some(0), Some(1));
        let log = [
            (batch(0, 1, None), true),
            (batch(1, 2, None), false),
            (batch(2, 2, commit), false),
            (batch(3, 1, None), true),
            (batch(4, 1, abort), false),
            (batch(5, 1, None), false),
            (batch(6, 2, None), true),
        ];
        let mut aborted = Aborted::new([(Offset(6), ProducerId(2)), (Offset(0), ProducerId(1))].into_iter());
        for (bytes, left_out) in &log {
            let batch = Batch::parse(bytes).unwrap();
            let offset = batch.header().base_offset;
            assert_eq!(aborted.leaves_out(&batch, &mut Vec::new()), *left_out, "offset {offset}");
        }
    }
}
