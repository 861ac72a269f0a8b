//! Mutated bytes of every message in every version: no panic, no allocation, and what is taken has one meaning.

use crate::counting::counted;
use crate::mutate::{Run, mutate};
use crate::random::Random;
use crate::subject::{SUBJECTS, Subject};

/// Every message with each of its versions.
fn targets() -> Vec<(&'static Subject, i16)> {
    let versions = |subject: &'static Subject| subject.versions.min..=subject.versions.max;
    SUBJECTS.iter().flat_map(|subject| versions(subject).map(move |version| (subject, version))).collect()
}

#[test]
fn mutated_messages_are_read_or_refused() {
    let (run, targets) = (Run::new("decode", 100_000), targets());
    let mut taken = 0;
    for mut case in run.each() {
        let (subject, version) = targets[(case.seed % targets.len() as u64) as usize];
        let mut random = Random::new(case.seed);
        let value = (subject.random)(&mut random, version);
        let bytes = mutate(&mut random, &value.bytes);
        case.note(format!("{} v{version}", subject.name), &bytes);
        taken += usize::from(judge(subject, version, &bytes));
    }
    assert!(run.cases() < 1_000 || (run.cases() / 20..run.cases()).contains(&taken), "{taken} were taken");
}

/// Whether the bytes are taken.
fn judge(subject: &Subject, version: i16, bytes: &[u8]) -> bool {
    let (accepted, allocations) = counted(|| (subject.accepts)(bytes, version));
    assert_eq!(allocations, 0, "{} v{version}: a reader allocates nothing", subject.name);
    if accepted {
        let read = (subject.decode)(bytes, version).unwrap();
        let again = (subject.decode)(&read.bytes, version).unwrap();
        assert_eq!(again, read, "{} v{version}: written and read again", subject.name);
    }
    accepted
}

#[test]
fn mutated_headers_of_requests_are_read_or_refused() {
    let (run, targets) = (Run::new("header", 50_000), targets());
    for mut case in run.each() {
        let (subject, version) = targets[(case.seed % targets.len() as u64) as usize];
        let mut random = Random::new(case.seed);
        let mut header = [&subject.key.0.to_be_bytes()[..], &version.to_be_bytes(), &[0, 0, 0, 7], &[0, 4]].concat();
        header.extend(b"fuzz\0");
        header.extend((subject.random)(&mut random, version).bytes);
        let frame = mutate(&mut random, &header);
        case.note("frame", &frame);
        let (header, allocations) = counted(|| wire::decode_request_header(&frame).ok());
        assert_eq!(allocations, 0, "a reader allocates nothing");
        if let Some((header, body)) = header {
            assert_eq!(header.api_key.to_be_bytes(), frame[..2], "the header is where the frame begins");
            assert!(body.remaining() <= frame.len() - 8);
        }
    }
}
