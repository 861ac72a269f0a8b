use super::*;

#[test]
fn a_request_goes_on_only_with_the_epoch_and_the_names_that_its_session_expects() {
    const EPOCH: Result<(), ErrorCode> = Err(ErrorCode::INVALID_FETCH_SESSION_EPOCH);
    const NAMES: Result<(), ErrorCode> = Err(ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR);
    for (epoch, uses_topic_ids, asked_epoch, version, expected) in [
        (1, false, 1, 7, Ok(())),
        (1, false, 1, 12, Ok(())),
        (1, true, 1, 13, Ok(())),
        (i32::MAX, true, i32::MAX, 18, Ok(())),
        (2, true, 1, 18, EPOCH),
        (2, true, 3, 18, EPOCH),
        (1, true, i32::MIN, 18, EPOCH),
        (1, true, 1, 12, NAMES),
        (1, false, 1, 13, NAMES),
        // The epoch is looked at first.
        (1, false, 2, 13, EPOCH),
    ] {
        let case = (epoch, uses_topic_ids, asked_epoch, version);
        assert_eq!(check(epoch, uses_topic_ids, asked_epoch, version), expected, "{case:?}");
    }
}

#[test]
fn the_largest_epoch_is_followed_by_one() {
    assert_eq!([0, 1, 41, i32::MAX - 1, i32::MAX].map(next_epoch), [1, 2, 42, i32::MAX, 1]);
}

fn session(epoch: i32) -> Session {
    let session = Session::new(1, true, Places::default());
    session.lock().epoch = epoch;
    session
}

#[test]
fn while_a_look_waits_for_the_disk_the_next_request_is_refused_at_once() {
    let session = session(5);
    let away = session.take(5).expect("nobody else has them");
    let next = || session.advance(5, 13, |_| ());
    // The test would hang if this waited: whoever could give the places back is this thread.
    assert_eq!(next(), Err(ErrorCode::INVALID_FETCH_SESSION_EPOCH));
    assert!(session.take(5).is_none());
    drop(away);
    assert_eq!(session.lock().epoch, 5, "a refusal changes nothing");
    assert_eq!(next(), Ok(None), "it goes on, and there is nothing in it");
    assert!(session.take(4).is_none(), "a request that was overtaken gets nothing");
}

#[test]
fn a_look_that_panics_gives_the_places_back() {
    let session = session(5);
    let look = std::panic::AssertUnwindSafe(|| {
        let _away = session.take(5);
        panic!("on purpose");
    });
    assert!(std::panic::catch_unwind(look).is_err());
    assert!(session.take(5).is_some());
}
