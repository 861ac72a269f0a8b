use super::*;

const CLIENT: Uuid = Uuid([7; 16]);

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn push() -> Push {
    Push { subscription_id: Subscription::none().id(CLIENT), terminating: false, compression_type: 4, len: 10 }
}

#[test]
fn a_client_asks_and_pushes_once_an_interval() {
    let (telemetry, none) = (Telemetry::default(), Subscription::none());
    assert_eq!(telemetry.ask(CLIENT, &none, at(0)), Ok(()));
    assert_eq!(telemetry.ask(CLIENT, &none, at(299)), Err(ErrorCode::THROTTLING_QUOTA_EXCEEDED));
    assert_eq!(telemetry.ask(Uuid([8; 16]), &none, at(299)), Ok(()), "another client");
    assert_eq!(telemetry.push(CLIENT, push(), &none, at(10)), Ok(()), "the first push comes when it wants");
    assert_eq!(telemetry.push(CLIENT, push(), &none, at(309)), Err(ErrorCode::THROTTLING_QUOTA_EXCEEDED));
    assert_eq!(telemetry.push(CLIENT, push(), &none, at(310)), Ok(()));
    assert_eq!(telemetry.ask(CLIENT, &none, at(609)), Err(ErrorCode::THROTTLING_QUOTA_EXCEEDED));
    assert_eq!(telemetry.ask(CLIENT, &none, at(610)), Ok(()));
    assert_eq!(telemetry.pushed_bytes.load(Ordering::Relaxed), 20);
}

#[test]
fn a_push_that_is_not_as_told_is_refused_and_the_client_may_ask_again() {
    let none = Subscription::none();
    for (wrong, error, may_ask) in [
        (Push { subscription_id: 1, ..push() }, ErrorCode::UNKNOWN_SUBSCRIPTION_ID, true),
        (Push { compression_type: 5, ..push() }, ErrorCode::UNSUPPORTED_COMPRESSION_TYPE, true),
        (Push { compression_type: -1, ..push() }, ErrorCode::UNSUPPORTED_COMPRESSION_TYPE, true),
        (Push { len: MAX_BYTES + 1, ..push() }, ErrorCode::TELEMETRY_TOO_LARGE, false),
    ] {
        let telemetry = Telemetry::default();
        assert_eq!(telemetry.ask(CLIENT, &none, at(0)), Ok(()));
        assert_eq!(telemetry.push(CLIENT, wrong, &none, at(1)), Err(error));
        assert_eq!(telemetry.ask(CLIENT, &none, at(2)).is_ok(), may_ask, "after {error}");
        assert_eq!(telemetry.pushed_bytes.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn the_last_push_may_be_early_and_is_the_last() {
    let (telemetry, none) = (Telemetry::default(), Subscription::none());
    assert_eq!(telemetry.push(CLIENT, push(), &none, at(0)), Ok(()));
    let last = Push { terminating: true, ..push() };
    assert_eq!(telemetry.push(CLIENT, last, &none, at(1)), Ok(()));
    assert_eq!(telemetry.push(CLIENT, last, &none, at(1000)), Err(ErrorCode::INVALID_REQUEST));
}

#[test]
fn no_more_clients_are_remembered_than_there_is_room_for() {
    let (telemetry, none) = (Telemetry::default(), Subscription::none());
    for number in 0..INSTANCES_MAX as u128 + 10 {
        let client = Uuid(number.to_be_bytes());
        assert_eq!(telemetry.ask(client, &none, Duration::from_millis(number as u64)), Ok(()));
    }
    let instances = telemetry.instances.lock().unwrap();
    assert_eq!(instances.len(), INSTANCES_MAX - FORGOTTEN_AT_ONCE + 10);
    assert!(!instances.contains_key(&Uuid(0u128.to_be_bytes())), "the oldest is forgotten");
    assert!(instances.contains_key(&Uuid((FORGOTTEN_AT_ONCE as u128).to_be_bytes())), "others are not");
}

#[test]
fn another_set_of_metrics_or_another_client_has_another_id() {
    let none = Subscription::none();
    let some = Subscription { metrics: vec!["org.apache.kafka.".to_owned()], ..none.clone() };
    assert_eq!(none.id(CLIENT), Subscription::none().id(CLIENT));
    assert_ne!(none.id(CLIENT), some.id(CLIENT));
    assert_ne!(none.id(CLIENT), none.id(Uuid([8; 16])));
}

#[test]
fn patterns_are_compiled_once_a_change() {
    let telemetry = Telemetry::default();
    let (before, after) = (Arc::new(NamedConfigs::default()), Arc::new(NamedConfigs::default()));
    let first = telemetry.subscriptions(&before);
    assert!(Arc::ptr_eq(&first, &telemetry.subscriptions(&before)));
    assert!(!Arc::ptr_eq(&first, &telemetry.subscriptions(&after)), "other configs");
}
