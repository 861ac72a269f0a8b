"""A foreign client behind one contract: `client.py produce SPEC` and `client.py consume SPEC`.

SPEC is the path of a JSON file:
  bootstrap   HOST:PORT
  topic       a topic that exists
  partitions  how many partitions it has
  codec       none, gzip, snappy, lz4 or zstd (produce)
  idempotent  whether the producer is idempotent (produce)
  isolation   isolation.level, read_committed by default (consume)
  records     [{partition, key, value, headers: [[name, value], ...]}, ...]; bytes are base64, null is null (produce)

`produce` ends when every record is acknowledged. `consume` writes each record that is there as one line of JSON, with
its partition and offset. Both end with status 1 and a word on stderr at the first error.
"""

import base64
import json
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition

PATIENCE_SECONDS = 60


def decoded(text):
    return None if text is None else base64.b64decode(text)


def encoded(data):
    return None if data is None else base64.b64encode(data).decode()


def produce(spec):
    producer = Producer({
        "bootstrap.servers": spec["bootstrap"],
        "compression.type": spec["codec"],
        "enable.idempotence": spec["idempotent"],
        "message.max.bytes": 1_040_000,
        "linger.ms": 20,
    })
    errors = []

    def delivered(error, _message):
        if error is not None:
            errors.append(str(error))

    for record in spec["records"]:
        producer.produce(
            spec["topic"],
            partition=record["partition"],
            key=decoded(record["key"]),
            value=decoded(record["value"]),
            headers=[(name, decoded(value)) for name, value in record["headers"]],
            on_delivery=delivered,
        )
    left = producer.flush(PATIENCE_SECONDS)
    if left or errors:
        sys.exit(f"{left} records without an answer; {errors[:3]}")


def consume(spec):
    consumer = Consumer({
        "bootstrap.servers": spec["bootstrap"],
        "group.id": "unused",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "check.crcs": True,
        "isolation.level": spec.get("isolation", "read_committed"),
    })
    reading = set(range(spec["partitions"]))
    consumer.assign([TopicPartition(spec["topic"], partition, OFFSET_BEGINNING) for partition in reading])
    while reading:
        message = consumer.poll(PATIENCE_SECONDS)
        if message is None:
            sys.exit(f"nothing more came; not at the end of partitions {sorted(reading)}")
        if message.error() is None:
            print(line_of(message))
        elif message.error().code() == KafkaError._PARTITION_EOF:
            reading.discard(message.partition())
        else:
            sys.exit(str(message.error()))
    consumer.close()


def line_of(message):
    return json.dumps({
        "partition": message.partition(),
        "offset": message.offset(),
        "timestamp": message.timestamp()[1],
        "key": encoded(message.key()),
        "value": encoded(message.value()),
        "headers": [[name, encoded(value)] for name, value in message.headers() or []],
    })


if __name__ == "__main__":
    verb, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        {"produce": produce, "consume": consume}[verb](json.load(file))
