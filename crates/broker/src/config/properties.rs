//! Java's `.properties` format, as far as `server.properties` uses it: comments with `#` or `!`, `=` or `:` or blank as
//! the separator, a trailing backslash to continue a line, backslash escapes.

use super::ConfigError;

/// The pairs of `text` in order. A key that stands twice appears twice: the later one wins when they are applied.
pub fn parse(file: &str, text: &str) -> Result<Vec<(String, String)>, ConfigError> {
    let mut pairs = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let mut logical = line.trim_start().to_owned();
        if logical.is_empty() || logical.starts_with(['#', '!']) {
            continue;
        }
        while continues(&logical) {
            logical.pop();
            let Some((_, next)) = lines.next() else { break };
            logical.push_str(next.trim_start());
        }
        let (key, value) = split(&logical);
        if key.is_empty() {
            return Err(ConfigError::Syntax {
                file: file.to_owned(),
                line: number + 1,
                reason: "a line must be key=value".to_owned(),
            });
        }
        pairs.push((unescape(key), unescape(value.trim_end())));
    }
    Ok(pairs)
}

/// An odd number of trailing backslashes continues the line.
fn continues(line: &str) -> bool {
    line.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1
}

fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.find(|c: char| {
        let separates = !escaped && (matches!(c, '=' | ':') || c.is_whitespace());
        escaped = c == '\\' && !escaped;
        separates
    });
    let Some(end) = end else { return (line, "") };
    let rest = line[end..].trim_start();
    (&line[..end], rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start())
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match if c == '\\' { chars.next() } else { Some(c) } {
            Some('n') if c == '\\' => out.push('\n'),
            Some('t') if c == '\\' => out.push('\t'),
            Some('r') if c == '\\' => out.push('\r'),
            Some('u') if c == '\\' => out.extend(unicode(&mut chars)),
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

fn unicode(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let digits: String = chars.by_ref().take(4).collect();
    u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)
}
