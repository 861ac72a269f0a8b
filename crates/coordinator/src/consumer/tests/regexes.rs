//! KIP-848: subscriptions by regular expression.

use super::*;

fn regex_join<'a>(member: &'a str, regex: &'a str) -> ConsumerGroupHeartbeatRequest<'a> {
    ConsumerGroupHeartbeatRequest {
        subscribed_topic_names: None,
        subscribed_topic_regex: Some(regex),
        ..join(member, &[])
    }
}

fn matched(regex: &str, topics: &[&str]) -> Vec<String> {
    let topics: Vec<(&str, i32)> = topics.iter().map(|topic| (*topic, 1)).collect();
    let mut lab = Lab::new(&topics);
    lab.told(&regex_join("m", regex));
    lab.group().resolved.values().flat_map(|resolved| &resolved.topics).map(|topic| topic.to_string()).collect()
}

#[test]
fn an_expression_matches_whole_names() {
    assert_eq!(matched("a", &["a", "ab", "ba"]), ["a"]);
    assert_eq!(matched("a|ab", &["a", "ab", "abc"]), ["a", "ab"]);
    assert_eq!(matched("a.*", &["a", "ab", "ba"]), ["a", "ab"]);
    assert_eq!(matched("(?i)A", &["a"]), ["a"]);
    assert_eq!(matched(r"\Qa.b\E.", &["a.bc", "axbc", "a.b"]), ["a.bc"]);
    assert_eq!(matched("x", &["a"]), Vec::<String>::new());
}

#[test]
fn what_is_no_expression_is_refused_and_leaves_nothing() {
    for regex in ["[", "(", "a)(b", "*", r"\", "(?=a)", r"(a)\1", "a{2,1}", "((a{1000}){1000}){1000}"] {
        let mut lab = Lab::new(&[("a", 1)]);
        let (error, text) = lab.refused(&regex_join("m", regex));
        assert_eq!(error, ErrorCode::INVALID_REGULAR_EXPRESSION, "{regex}");
        let begin = format!("SubscribedTopicRegex `{regex}` is not a valid regular expression: ");
        assert!(text.starts_with(&begin) && text.len() > begin.len() + 5, "{text}");
        assert!(lab.log.is_empty() && lab.shard.groups.is_empty());
    }
}

/// A backtracking matcher would take longer than the world exists.
#[test]
fn an_expression_takes_linear_time() {
    let name = "a".repeat(249);
    assert_eq!(matched("(a|aa)*(a*)*b", &[&name]), Vec::<String>::new());
}

#[test]
fn a_member_reads_what_its_expression_matches_and_what_it_names() {
    let mut lab = Lab::new(&[("a1", 1), ("a2", 1), ("b", 1)]);
    let both = ConsumerGroupHeartbeatRequest { subscribed_topic_regex: Some("a."), ..join("m", &["b"]) };
    assert_eq!(lab.told(&both).1, Some(parts(&[("a1", &[0]), ("a2", &[0]), ("b", &[0])])));
    assert!(lab.group().is_subscribed_to("a1"));
    lab.assert_replays();
}

#[test]
fn new_topics_are_found_after_ten_seconds() {
    let mut lab = Lab::new(&[("a1", 1)]);
    lab.says(&regex_join("m", "a.*"));
    lab.topic("a2", 1);
    assert_eq!(lab.told(&beat("m", 1)), (1, None));
    lab.after(Duration::from_secs(10));
    assert_eq!(lab.told(&beat("m", 1)), (2, Some(parts(&[("a1", &[0]), ("a2", &[0])]))));
    lab.after(Duration::from_secs(10));
    assert_eq!(lab.told(&beat("m", 2)), (2, None));
    assert_eq!(lab.written, []);
    lab.assert_replays();
}

#[test]
fn an_expression_goes_with_its_last_member() {
    let mut lab = Lab::new(&[("a1", 1), ("a2", 1)]);
    lab.says(&regex_join("m1", "a.*"));
    lab.says(&regex_join("m2", "a.*"));
    assert_eq!(lab.written.iter().filter(|r| matches!(r, Record::ConsumerGroupRegularExpression { .. })).count(), 0);
    lab.says(&beat("m1", -1));
    assert_eq!(lab.group().resolved.len(), 1);
    let other = ConsumerGroupHeartbeatRequest { subscribed_topic_regex: Some("a1"), ..beat("m2", 2) };
    lab.says(&other);
    assert_eq!(lab.group().resolved.keys().map(|regex| &**regex).collect::<Vec<_>>(), ["a1"]);
    lab.says(&beat("m2", -1));
    assert!(lab.group().resolved.is_empty());
    lab.assert_replays();
}

#[test]
fn a_changed_expression_is_a_changed_subscription() {
    let mut lab = Lab::new(&[("a", 1), ("b", 1)]);
    lab.says(&regex_join("m", "a"));
    let other = ConsumerGroupHeartbeatRequest { subscribed_topic_regex: Some("b"), ..beat("m", 1) };
    // What it must give up it is told of before it gets the other.
    assert_eq!(lab.told(&other), (1, Some(parts(&[]))));
    assert_eq!(lab.told(&owns("m", 1, &parts(&[]))), (2, Some(parts(&[("b", &[0])]))));
    let none = ConsumerGroupHeartbeatRequest { subscribed_topic_regex: Some(""), ..beat("m", 2) };
    assert_eq!(lab.told(&none), (2, Some(parts(&[]))));
    assert!(lab.group().resolved.is_empty());
}

#[test]
fn expressions_that_come_after_a_time_without_any_are_looked_up_again_as_well() {
    let refresh = Settings::default().consumer.regex_refresh;
    let mut lab = Lab::new(&[("a1", 1)]).with(|settings| settings.consumer.session_timeout = 10 * refresh);
    lab.says(&join("m0", &["b"]));
    lab.says(&regex_join("m1", "a.*"));
    lab.says(&beat("m1", -1));
    lab.after(refresh * 2);
    let timer = Timer::RegexRefresh("g".into());
    assert_eq!(lab.shard.timers.due(&timer), None);
    lab.says(&regex_join("m2", "a.*"));
    assert_eq!(lab.shard.timers.due(&timer), Some(lab.now + refresh));
    lab.topic("a2", 1);
    lab.after(refresh);
    let matched: Vec<usize> = lab.group().resolved.values().map(|resolved| resolved.topics.len()).collect();
    assert_eq!(matched, [2]);
    assert!(lab.shard.timers.due(&timer).is_some());
}

#[test]
fn many_expressions_are_looked_up_a_few_in_a_step() {
    for (count, steps) in [(1, 1), (16, 1), (17, 2), (100, 7)] {
        let mut lab = Lab::new(&[("a1", 1)]);
        let expressions: Vec<String> = (0..count).map(|number| format!("a.{{1,{}}}", number + 1)).collect();
        for (number, expression) in expressions.iter().enumerate() {
            lab.says(&regex_join(&format!("m{number}"), expression));
            assert!(lab.group().soft.compiled.len() <= 16);
        }
        lab.topic("a2", 1);
        lab.after(Duration::from_secs(10));
        let epoch = lab.members()["m0"].0;
        let mut looked_up = Vec::new();
        let of_step = |lab: &Lab| {
            lab.written.iter().filter(|record| matches!(record, Record::ConsumerGroupRegularExpression { .. })).count()
        };
        lab.says(&beat("m0", epoch));
        looked_up.push(of_step(&lab));
        while looked_up.iter().sum::<usize>() < count {
            lab.now = lab.now.max(lab.shard.next_due().expect("the rest is looked up"));
            lab.step(tick);
            looked_up.push(of_step(&lab));
        }
        assert_eq!(looked_up.len(), steps, "{looked_up:?}");
        assert!(looked_up.iter().all(|found| *found <= 16), "{looked_up:?}");
        assert!(lab.group().resolved.values().all(|resolved| resolved.topics.len() == 2));
        lab.assert_replays();
    }
}

#[test]
fn an_expression_is_compiled_once() {
    let mut lab = Lab::new(&[("a1", 1)]);
    lab.says(&regex_join("m1", "a.*"));
    assert_eq!(lab.group().soft.compiled.keys().map(|regex| &**regex).collect::<Vec<_>>(), ["a.*"]);
    lab.says(&regex_join("m2", "b.*"));
    assert_eq!(lab.group().soft.compiled.len(), 2);
    lab.says(&beat("m1", -1));
    assert_eq!(lab.group().soft.compiled.keys().map(|regex| &**regex).collect::<Vec<_>>(), ["b.*"]);
    let long = format!("({})", "[a-z]{500}".repeat(40));
    assert_eq!(lab.refused(&regex_join("m3", &long)).0, ErrorCode::INVALID_REGULAR_EXPRESSION);
}
