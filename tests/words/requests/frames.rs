//! Frames that no client sends: unknown APIs and versions, bodies cut short, impossible counts.

use super::{Case, body};

/// API key, its last version, the first versions that neither serves any more.
const APIS: &[(i16, i16)] = &[
    (0, 14),
    (1, 19),
    (2, 12),
    (3, 14),
    (19, 8),
    (20, 7),
    (21, 3),
    (22, 6),
    (23, 5),
    (32, 5),
    (33, 3),
    (37, 4),
    (44, 2),
    (60, 3),
    (75, 1),
];

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        body("an unknown API", 999, 0..=0, &[]),
        body("API -1", -1, 0..=0, &[]),
        body("an API of controllers", 53, 0..=0, &[0; 8]),
        body("an API of brokers' registration", 62, 0..=0, &[0; 8]),
        body("an API of old", 4, 0..=0, &[0; 8]),
    ];
    for &(api, version) in APIS {
        cases.push(body(&format!("API {api} of the future"), api, version..=version, &[0; 8]));
        cases.push(body(&format!("API {api} of version -1"), api, -1..=-1, &[0; 8]));
        cases.push(body(&format!("API {api} with nothing"), api, version - 1..=version - 1, &[]));
        cases.push(body(&format!("API {api} with a byte"), api, version - 1..=version - 1, &[0, 0xff]));
        cases.push(body(&format!("API {api} with ones"), api, version - 1..=version - 1, &[0xff; 40]));
        cases.push(body(
            &format!("API {api} with a great count"),
            api,
            version - 1..=version - 1,
            &[0, 0xff, 0xff, 0xff, 0xff, 0x07],
        ));
    }
    cases.extend([
        body("metadata of 2147483647 topics", 3, 1..=8, &[0x7f, 0xff, 0xff, 0xff]),
        body("metadata of -2 topics", 3, 1..=8, &[0xff, 0xff, 0xff, 0xfe, 1, 1, 1]),
        body("metadata of a name that is too long", 3, 1..=8, &[0, 0, 0, 1, 0x7f, 0xff, b'a']),
        body("metadata of a null name", 3, 1..=8, &[0, 0, 0, 1, 0xff, 0xff, 1, 1, 1]),
    ]);
    cases
}
