//! The head of an HTTP request, as far as it matters here.

/// What a peer asks.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// GET of a path without its query.
    Get { path: String },
    /// HEAD of a path without its query.
    Head { path: String },
    /// Another method.
    OtherMethod,
    /// The head is too long.
    TooLong,
    /// Not HTTP/1.
    Bad,
}

/// The request, when its head is complete or cannot become one.
pub(super) fn parse(head: &[u8]) -> Option<Request> {
    let Some(line_end) = head.windows(2).position(|pair| pair == b"\r\n") else {
        // Methods are upper-case letters.
        return (!head.iter().take(3).all(u8::is_ascii_uppercase)).then_some(Request::Bad);
    };
    let Some(line) = std::str::from_utf8(&head[..line_end]).ok().and_then(split) else {
        return Some(Request::Bad);
    };
    let is_complete = head.windows(4).any(|four| four == b"\r\n\r\n");
    is_complete.then(|| {
        let (method, target) = line;
        let path = target.split(['?', '#']).next().unwrap_or_default().to_owned();
        match method {
            "GET" => Request::Get { path },
            "HEAD" => Request::Head { path },
            _ => Request::OtherMethod,
        }
    })
}

fn split(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_http = words.next().is_none() && version.starts_with("HTTP/1.") && !target.is_empty();
    (is_http && method.bytes().all(|byte| byte.is_ascii_uppercase())).then_some((method, target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_from_what_is_none() {
        let get = |path: &str| Some(Request::Get { path: path.to_owned() });
        assert_eq!(parse(b"GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n"), get("/metrics"));
        assert_eq!(parse(b"GET /metrics HTTP/1.1\r\nHost: a\r\n"), None, "the head goes on");
        assert_eq!(parse(b"GE"), None);
        assert_eq!(parse(b"HEAD / HTTP/1.0\r\n\r\n"), Some(Request::Head { path: "/".to_owned() }));
        assert_eq!(parse(b"POST / HTTP/1.1\r\n\r\n"), Some(Request::OtherMethod));
        for bad in
            [&b"\0\0\0\x12"[..], b"GET /\r\n", b"GET / HTTP/2\r\n", b"get / HTTP/1.1\r\n", b"GET \xff HTTP/1.1\r\n"]
        {
            assert_eq!(parse(bad), Some(Request::Bad), "{bad:?}");
        }
    }
}
