//! What the system lets this process have.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit of open files to the hard one, and returns what is in force; `None` is no limit.
///
/// # Errors
/// The system refuses; the soft limit is as it was.
pub fn raise_open_files_limit() -> io::Result<Option<u64>> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    }
    Ok(limit.maximum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_of_open_files_is_the_hard_one() {
        let raised = raise_open_files_limit().unwrap();
        assert_eq!(getrlimit(Resource::Nofile).current, raised);
    }
}
