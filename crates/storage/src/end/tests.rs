use std::sync::Arc;
use std::thread;

use super::*;

/// Three numbers that belong together: a load that mixed two stores would show.
fn nth(n: i64) -> LogPosition {
    LogPosition { offset: Offset(n), segment: Offset(n * 3), position: (n * 7) as u32 }
}

#[test]
fn no_load_mixes_two_stores_and_none_goes_back() {
    const LAST: i64 = 200_000;
    let cell = Arc::new(EndCell::new(nth(0)));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let cell = Arc::clone(&cell);
            thread::spawn(move || {
                let mut before = 0;
                while before < LAST {
                    let end = cell.load();
                    assert_eq!(end, nth(end.offset.0), "the parts belong together");
                    assert!(end.offset.0 >= before, "the end does not go back");
                    before = end.offset.0;
                }
            })
        })
        .collect();
    (1..=LAST).for_each(|n| cell.store(nth(n)));
    readers.into_iter().for_each(|reader| reader.join().unwrap());
}
