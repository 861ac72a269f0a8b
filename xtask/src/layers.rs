//! Layering: a crate depends only on those that the house's plan draws an arrow to.

use serde_json::Value;

use crate::{House, Offence};

/// Folder of a crate, and what it may use of ours in its normal dependencies. `record` is the vocabulary of all that is
/// above it.
const ARROWS: &[(&str, &[&str])] = &[
    ("crates/host", &[]),
    ("crates/record", &[]),
    ("crates/wire/derive", &[]),
    ("crates/wire", &["record", "wire-derive"]),
    ("crates/storage", &["host", "record"]),
    ("crates/metadata", &["record"]),
    ("crates/net", &["wire", "host"]),
    ("crates/quorum", &["host", "metadata", "record"]),
    ("crates/client", &["net", "wire", "record", "host"]),
    ("crates/security", &["metadata", "record"]),
    ("crates/coordinator", &["metadata", "wire", "record"]),
    ("crates/tier", &["storage", "host", "record"]),
    (
        "crates/broker",
        &["host", "record", "wire", "storage", "metadata", "net", "quorum", "security", "coordinator", "tier"],
    ),
    ("crates/console", &["broker"]),
    ("crates/cli", &["broker", "client", "record", "wire"]),
    ("tests/verdict", &[]),
    ("bench", &["record", "wire"]),
    ("xtask", &[]),
];

/// Crates of others that only some of ours may use, and which; the reason is the sentence that is shown.
const KEPT_TO: &[(&str, &[&str], &str)] = &[
    ("anyhow", &["bench", "crates/cli", "xtask"], "errors of libraries are types: use thiserror"),
    ("tokio", &["crates/net", "crates/client", "crates/broker", "crates/console", "crates/cli"], "nothing here waits"),
];

/// Every arrow between crates that the plan doesn't have.
pub fn layers(house: &House) -> Vec<Offence> {
    let root = house.metadata["workspace_root"].as_str().unwrap_or_default();
    let packages = house.metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    packages.iter().flat_map(|package| package_offences(root, package)).collect()
}

fn package_offences(root: &str, package: &Value) -> Vec<Offence> {
    let path = package["manifest_path"].as_str().unwrap_or_default();
    let path = path.strip_prefix(root).unwrap_or(path).trim_start_matches('/');
    let folder = path.strip_suffix("/Cargo.toml").unwrap_or(path);
    let offence = |what: String| Offence { path: path.to_owned(), line: 1, what };
    let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == folder) else {
        return vec![offence(format!("{folder} is not in the plan of the house (xtask/src/layers.rs)"))];
    };
    normal_dependencies(package).filter_map(|name| verdict(folder, name, allowed)).map(offence).collect()
}

/// What is wrong with this dependency.
fn verdict(folder: &str, name: &str, allowed: &[&str]) -> Option<String> {
    if name == "ottla" {
        return Some("nothing depends on the binary".to_owned());
    }
    if let Some(ours) = name.strip_prefix("ottla-") {
        return (!allowed.contains(&ours)).then(|| format!("{folder} -> {ours} is no arrow of the plan"));
    }
    let (_, _, reason) = KEPT_TO.iter().find(|(kept, users, _)| *kept == name && !users.contains(&folder))?;
    Some(format!("{folder} may not use {name}: {reason}"))
}

/// Those that are built into what is shipped: not the `dev` and `build` ones.
fn normal_dependencies(package: &Value) -> impl Iterator<Item = &str> {
    let all = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter(|dependency| dependency["kind"].is_null()).filter_map(|dependency| dependency["name"].as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_arrow_upwards_is_found_and_a_test_dependency_is_not() {
        let dependencies = json!([
            { "name": "ottla-host", "kind": null },
            { "name": "ottla-net", "kind": null },
            { "name": "ottla-broker", "kind": "dev" },
            { "name": "tokio", "kind": null },
        ]);
        let package =
            |folder: &str| json!({ "manifest_path": format!("/r/{folder}/Cargo.toml"), "dependencies": dependencies });
        let metadata =
            json!({ "workspace_root": "/r", "packages": [package("crates/storage"), package("crates/odd")] });
        let found: Vec<String> =
            layers(&House { files: vec![], metadata, bugs: String::new() }).iter().map(Offence::to_string).collect();
        assert_eq!(
            found,
            [
                "crates/storage/Cargo.toml:1: crates/storage -> net is no arrow of the plan",
                "crates/storage/Cargo.toml:1: crates/storage may not use tokio: nothing here waits",
                "crates/odd/Cargo.toml:1: crates/odd is not in the plan of the house (xtask/src/layers.rs)",
            ]
        );
    }
}
