//! The house as it stands keeps its own rules.

use xtask::{House, Offence};

type Check = fn(&House) -> Vec<Offence>;

/// One test, because reading the house takes longer than all the checks.
#[test]
fn the_house_keeps_its_rules() {
    let house = xtask::house().expect("the workspace can be read");
    assert_was_read(&house);

    let rules: [(&str, Check); 7] = [
        ("crates depend only downwards", xtask::layers),
        ("files and functions are short", xtask::sizes),
        ("every file says what it is for", xtask::docs),
        ("unsafe is only at the doors", xtask::unsafe_code),
        ("habits are good", xtask::habits),
        ("every API has its line and its file", xtask::api_table),
        ("every bug of others has its test", xtask::bugs),
    ];
    let mut broken = String::new();
    for (rule, check) in rules {
        let offences = check(&house);
        if !offences.is_empty() {
            broken += &format!("\n{rule}, but for {}:\n", offences.len());
            offences.iter().for_each(|offence| broken += &format!("  {offence}\n"));
        }
    }
    assert!(broken.is_empty(), "{broken}");
}

/// The checks find nothing in what isn't there.
fn assert_was_read(house: &House) {
    for path in ["crates/host/src/lib.rs", "crates/wire/derive/src/lib.rs", "xtask/tests/house.rs"] {
        assert!(house.files.iter().any(|file| file.path == path), "{path} was not read");
    }
    assert!(house.metadata["packages"].as_array().is_some_and(|packages| packages.len() > 5));
}
