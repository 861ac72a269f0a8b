use super::*;

#[test]
fn rows_stand_at_their_codes() {
    for (code, number, name) in [
        (ErrorCode::UNKNOWN_SERVER_ERROR, -1, "UNKNOWN_SERVER_ERROR"),
        (ErrorCode::NONE, 0, "NONE"),
        (ErrorCode::NOT_CONTROLLER, 41, "NOT_CONTROLLER"),
        (ErrorCode::SHARE_SESSION_LIMIT_REACHED, 133, "SHARE_SESSION_LIMIT_REACHED"),
    ] {
        assert_eq!((code.code(), code.name()), (number, name));
    }
    assert_eq!(DEFINITIONS.len(), 135);
}

#[test]
fn an_unknown_code_reads_as_an_unknown_error() {
    for code in [i16::MIN, -2, 134, i16::MAX] {
        assert_eq!(ErrorCode(code).name(), "UNKNOWN_SERVER_ERROR");
        assert!(!ErrorCode(code).is_retriable());
        assert_eq!(ErrorCode(code).to_string(), format!("error code {code}"));
    }
}

#[test]
fn a_retry_helps_where_metadata_or_time_heals() {
    assert!(ErrorCode::NOT_LEADER_OR_FOLLOWER.is_retriable());
    assert!(ErrorCode::CONCURRENT_TRANSACTIONS.is_retriable());
    assert!(!ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER.is_retriable());
    assert!(!ErrorCode::NONE.is_retriable());
}
