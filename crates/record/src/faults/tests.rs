use super::*;
use crate::samples::{three_records, with_header};
use crate::{BatchBuilder, Compression, Timestamp, TimestampType, validate};

const RULES: Rules = Rules {
    max_message_bytes: 1 << 20,
    max_segment_bytes: 1 << 20,
    now: Timestamp(1_010),
    timestamp_before_max_ms: 9,
    timestamp_after_max_ms: 50,
    timestamp_type: TimestampType::CreateTime,
    encoding: None,
};

const APPENDED: Rules = Rules { timestamp_type: TimestampType::LogAppendTime, ..RULES };

fn faults(records: &[u8], rules: &Rules) -> Vec<RecordFault> {
    let invalid = validate(records, rules).unwrap_err();
    record_faults(records, rules, &invalid, &mut FaultBudget::default())
}

fn indexes(records: &[u8]) -> Vec<i32> {
    faults(records, &RULES).iter().map(|fault| fault.index).collect()
}

#[test]
fn every_record_out_of_time_is_named() {
    for codec in Compression::ALL {
        let records = three_records(codec);
        assert_eq!(indexes(&records), [0], "{codec}: 1000 is too early, 1002 and 1001 are not");
        let invalid = validate(&records, &RULES).unwrap_err();
        let message = &record_faults(&records, &RULES, &invalid, &mut FaultBudget::default())[0].message;
        let expected =
            "Timestamp 1000 of message with offset 0 is out of range. The timestamp should be within [1001, 1060]";
        assert_eq!(message, expected);
        let later = with_header(&records, |header| header.base_timestamp.0 -= 1);
        assert_eq!(indexes(&later), [0, 2]);
    }
}

#[test]
fn a_producer_that_claims_the_time_of_the_append_is_wrong_in_every_record() {
    let records = with_header(&three_records(Compression::None), |header| {
        header.attributes.0 |= 0x08;
    });
    let faults = faults(&records, &APPENDED);
    assert_eq!(faults.iter().map(|fault| fault.index).collect::<Vec<_>>(), [0, 1, 2]);
    let mut scratch = Vec::new();
    let record = Batch::parse(&records).unwrap().records(&Limits::default(), &mut scratch).unwrap().next();
    let Record { key, value, .. } = record.unwrap().unwrap();
    let len = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
    let expected = format!(
        "Invalid timestamp type in message DefaultRecord(offset=0, timestamp=1002, key={} bytes, value={} bytes). \
         Producer should not set timestamp type to LogAppendTime.",
        len(key),
        len(value)
    );
    assert_eq!(faults[0].message, expected);
}

#[test]
fn a_batch_that_is_wrong_as_a_whole_has_no_record_at_fault() {
    let good = three_records(Compression::None);
    assert_eq!(indexes(&with_header(&good, |header| header.attributes.0 |= 0x20)), [0; 0]);
    let longer = |header: &mut crate::BatchHeader| (header.last_offset_delta, header.record_count) = (3, 4);
    let rules = Rules { timestamp_before_max_ms: 1_000, ..RULES };
    assert_eq!(faults(&with_header(&good, longer), &rules), [], "a record that cannot be read");
}

#[test]
fn faults_are_bounded() {
    let mut builder = BatchBuilder::new(Compression::None);
    (0..MAX_FAULTS + 1).for_each(|_| _ = builder.append(Timestamp(1), None, None, &[]));
    assert_eq!(indexes(&builder.build()).len(), MAX_FAULTS);
}

#[test]
fn a_header_that_counts_more_records_than_there_are_yields_no_more_faults() {
    let records = with_header(&three_records(Compression::None), |header| {
        header.attributes.0 |= 0x08;
        (header.last_offset_delta, header.record_count) = (999_999, 1_000_000);
    });
    assert!(faults(&records, &APPENDED).len() <= 3);
}

#[test]
fn batches_that_came_together_share_the_bounds() {
    let mut builder = BatchBuilder::new(Compression::None);
    (0..600).for_each(|_| _ = builder.append(Timestamp(1), None, None, &[]));
    let records = builder.build();
    let invalid = validate(&records, &RULES).unwrap_err();
    let mut budget = FaultBudget::default();
    let mut faults = || record_faults(&records, &RULES, &invalid, &mut budget).len();
    assert_eq!([faults(), faults(), faults()], [600, 400, 0]);
}

#[test]
fn no_more_than_the_bound_is_decompressed() {
    let mut builder = BatchBuilder::new(Compression::Zstd);
    builder.append(Timestamp(1), None, Some(&[0; 400 << 10]), &[]);
    let records = builder.build();
    let invalid = validate(&records, &RULES).unwrap_err();
    let mut budget = FaultBudget::default();
    let mut faults = || record_faults(&records, &RULES, &invalid, &mut budget).len();
    assert_eq!([faults(), faults(), faults(), faults()], [1, 1, 0, 0]);
    assert_eq!(budget.decompressed_bytes, 0);
}
