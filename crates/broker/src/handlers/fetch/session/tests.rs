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
