"""What the Python clients have in common."""

import base64

PATIENCE_SECONDS = 60
# Near the broker's default limit of a batch, so that a record of a million bytes passes.
MAX_REQUEST = 1_040_000


class Unsupported(Exception):
    """The client cannot do it; the text says why."""


def decoded(text):
    return None if text is None else base64.b64decode(text)


def encoded(data):
    return None if data is None else base64.b64encode(data).decode()


def decoded_headers(record):
    return [(name, decoded(value)) for name, value in record["headers"]]


def line(partition, offset, timestamp, append_time, key, value, headers):
    return {
        "partition": partition,
        "offset": offset,
        "timestamp": timestamp,
        "append_time": append_time,
        "key": encoded(key),
        "value": encoded(value),
        "headers": [[name, encoded(value)] for name, value in headers or []],
    }
