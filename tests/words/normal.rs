//! What two brokers can never have in common is made equal: ids, addresses, times, directories, figures of speed.

/// Words of one broker, and what stands for them.
pub struct Words(pub Vec<(String, &'static str)>);

impl Words {
    /// `text` with the broker's own words replaced.
    pub fn replace(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (word, stands)| text.replace(word.as_str(), stands))
    }
}

/// Labels whose number is no business of a client, when it isn't negative or zero.
const NUMBERS: [&str; 8] = [
    "session_id: ",
    "log_append_time_ms: ",
    "producer_id: ",
    "port: ",
    "last_caught_up_timestamp: ",
    "last_fetch_timestamp: ",
    "total_bytes: ",
    "usable_bytes: ",
];

/// A response as text, one field on a line.
pub fn response(text: &str) -> String {
    let lines = text.lines().filter(|line| line.trim() != "unknown_tagged_fields: {},");
    lines.map(|line| ids(&bounds(&numbers(line)))).collect::<Vec<_>>().join("\n")
}

/// The bounds of timestamps are relative to the time: what is left of them is how far they are apart.
fn bounds(line: &str) -> String {
    const BEFORE: &str = "The timestamp should be within [";
    let apart = |bounds: &str| {
        let (min, max) = bounds.split_once(", ")?;
        Some(max.parse::<i128>().ok()? - min.parse::<i128>().ok()?)
    };
    let found = line.find(BEFORE).map(|at| at + BEFORE.len()).and_then(|from| {
        let to = from + line[from..].find(']')?;
        Some(format!("{}{} apart{}", &line[..from], apart(&line[from..to])?, &line[to..]))
    });
    found.unwrap_or_else(|| line.to_owned())
}

fn numbers(line: &str) -> String {
    // A checksum over the client's random id, of any sign.
    if let Some(at) = line.find("subscription_id: ") {
        return format!("{}subscription_id: some,", &line[..at]);
    }
    let found = NUMBERS.iter().find_map(|label| Some((line.find(label)? + label.len(), line)));
    match found {
        Some((at, line)) if line[at..].starts_with(|first: char| ('1'..='9').contains(&first)) => {
            format!("{}some,", &line[..at])
        }
        _ => line.to_owned(),
    }
}

/// Every UUID but that of zeros.
fn ids(line: &str) -> String {
    const LEN: usize = 36;
    let is_id = |text: &str| {
        text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        }) && text.bytes().any(|byte| !matches!(byte, b'0' | b'-'))
    };
    let found = (0..line.len().saturating_sub(LEN - 1)).find(|&at| line.get(at..at + LEN).is_some_and(is_id));
    found.map_or_else(|| line.to_owned(), |at| format!("{}some id{}", &line[..at], &line[at + LEN..]))
}

/// What a tool wrote, line by line.
pub fn tool(text: &str) -> String {
    // Where in a tool an exception came up depends on which of its requests answered first.
    let lines = text.lines().filter(|line| !line.starts_with("\tat ") && !line.starts_with("\t... "));
    lines.map(|line| figures(&time(&tool_id(line.trim_end())))).collect::<Vec<_>>().join("\n")
}

/// Ids of topics and directories, each after its label.
fn tool_id(line: &str) -> String {
    const LEN: usize = 22;
    const LABELS: [&str; 3] = ["TopicId: ", "\"directoryId\": \"", "1     \t"];
    let is_id = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let after = |label: &&str| Some(line.find(label)? + label.len());
    let found = LABELS.iter().filter_map(after).find(|&at| line.get(at..at + LEN).is_some_and(is_id));
    found.map_or_else(|| line.to_owned(), |at| format!("{}some id{}", &line[..at], &line[at + LEN..]))
}

/// A time of our days in milliseconds, which has 13 digits; they are made one `#`.
fn time(line: &str) -> String {
    const LEN: usize = 13;
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = line.as_bytes();
    let ends = |at: usize| !is_digit(bytes.get(at));
    let is_time = |&at: &usize| {
        bytes[at] == b'1'
            && (at == 0 || ends(at - 1))
            && (at..at + LEN).all(|at| is_digit(bytes.get(at)))
            && ends(at + LEN)
    };
    let found = (0..bytes.len()).find(is_time);
    found.map_or_else(|| line.to_owned(), |at| format!("{}#{}", &line[..at], &line[at + LEN..]))
}

/// Lines of speed, and lines with the time, without their digits and the spaces that fill up a column.
fn figures(line: &str) -> String {
    const OF_TIME: [&str; 15] = [
        "records/sec",
        "MB.sec",
        "\"timestamp\"",
        "CreateTime:",
        "CreateTime: ",
        "avg latency",
        "LastTimestamp",
        "\"avg_throughput\"",
        "HighWatermark:",
        "timed out",
        "Epoch: ",
        "MaxFollowerLag",
        "\t0  \t",
        " ms ago",
        // A row with a time in a column: a producer, whose id depends on how often ids were asked for.
        "\t#\t",
    ];
    if !OF_TIME.iter().any(|word| line.contains(word)) {
        return line.to_owned();
    }
    let mut text = String::new();
    for letter in line.chars() {
        match letter {
            '0'..='9' | '.' if text.ends_with('#') => {}
            '0'..='9' => text.push('#'),
            // A column is as wide whatever its figures: fewer digits have more spaces behind them.
            ' ' if text.ends_with(' ') => {}
            _ => text.push(letter),
        }
    }
    text
}
