//! Names in messages to clients.

/// How much of a name is repeated in a message, in characters.
const SHOWN_MAX: usize = 256;

/// The beginning of a name that a client sent. With the words around it a whole one might be longer than any text of the
/// protocol can be.
pub(crate) fn shown(name: &str) -> &str {
    match name.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => &name[..end],
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_up_to_256_characters() {
        for (name, count, shown_count) in
            [("a", 0, 0), ("a", 256, 256), ("a", 257, 256), ("é", 257, 256), ("€", 10_922, 256)]
        {
            assert_eq!(shown(&name.repeat(count)), name.repeat(shown_count), "{count} times {name}");
        }
    }
}
