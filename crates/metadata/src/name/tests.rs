//! Names, with their verdicts.

use super::*;

#[test]
fn names() {
    let longest = "a".repeat(249);
    let too_long = "a".repeat(250);
    let table = [
        ("a", Ok(())),
        ("Orders_2024.v1-eu", Ok(())),
        ("...", Ok(())),
        (&longest, Ok(())),
        ("", Err(NameError::Empty)),
        (".", Err(NameError::Dots)),
        ("..", Err(NameError::Dots)),
        (&too_long, Err(NameError::TooLong(250))),
        ("a/b", Err(NameError::IllegalCharacter)),
        ("../../etc", Err(NameError::IllegalCharacter)),
        ("a\0", Err(NameError::IllegalCharacter)),
        ("a b", Err(NameError::IllegalCharacter)),
        ("größe", Err(NameError::IllegalCharacter)),
    ];
    for (name, verdict) in table {
        assert_eq!(check_topic_name(name), verdict, "{name:?}");
    }
}

#[test]
fn collision_forms() {
    for (name, form) in [("a.b", "a_b"), ("a_b", "a_b"), ("a-b", "a-b"), ("...", "___")] {
        assert_eq!(collision_form(name), form);
    }
}
