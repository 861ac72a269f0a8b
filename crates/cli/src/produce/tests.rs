use clap::Parser;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

fn args(arguments: &[&str]) -> Args {
    Line::try_parse_from([&["produce", "topic"], arguments].concat()).unwrap().args
}

#[test]
fn a_line_is_a_value_unless_keys_are_asked_for() {
    assert_eq!(args(&[]).split(b"a:b"), Some((None, Some(&b"a:b"[..]))));
    assert_eq!(args(&["-K"]).split(b"a:b:c"), Some((Some(&b"a"[..]), Some(&b"b:c"[..]))));
    assert_eq!(args(&["--key-separator", "=>"]).split(b"a=>b"), Some((Some(&b"a"[..]), Some(&b"b"[..]))));
    assert_eq!(args(&["-K"]).split(b":"), Some((Some(&b""[..]), Some(&b""[..]))));
    assert_eq!(args(&["-K"]).split(b"none"), None);
}

#[test]
fn the_null_marker_is_null_as_a_whole_only() {
    let args = args(&["-K", "--null-marker", "NULL"]);
    assert_eq!(args.split(b"a:NULL"), Some((Some(&b"a"[..]), None)));
    assert_eq!(args.split(b"NULL:b"), Some((None, Some(&b"b"[..]))));
    assert_eq!(args.split(b"a:NULLS"), Some((Some(&b"a"[..]), Some(&b"NULLS"[..]))));
}

#[test]
fn codecs_and_acks_are_read_by_name() {
    for codec in Compression::ALL {
        assert_eq!(args(&["-z", codec.name()]).compression, codec);
    }
    for (text, acks) in [("all", Acks::All), ("1", Acks::Leader), ("0", Acks::None)] {
        assert_eq!(args(&["--acks", text]).acks, acks);
    }
    assert!(codec("brotli").is_err() && acks("2").is_err());
}

#[test]
fn how_batches_are_made_is_read() {
    let made = args(&["--linger", "20", "--batch-bytes", "1000", "--idempotent", "false"]);
    assert_eq!((made.linger, made.batch_bytes, made.idempotent), (20, 1_000, false));
    assert!(matches!(args(&[]).partitioner, Partitioner::Adaptive(_)) && args(&[]).idempotent);
    assert!(matches!(args(&["--partitioner", "round-robin"]).partitioner, Partitioner::RoundRobin));
    assert!(partitioner("random").is_err());
}
