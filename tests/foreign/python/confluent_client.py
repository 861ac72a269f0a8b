"""confluent-kafka, which is librdkafka."""

from confluent_kafka import (OFFSET_BEGINNING, TIMESTAMP_LOG_APPEND_TIME, Consumer, KafkaError, KafkaException, Producer,
                             TopicPartition)
from confluent_kafka.admin import (AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic,
                                   ResourceType)
from jobs import MAX_REQUEST, PATIENCE_SECONDS, decoded, decoded_headers, line


class Client:
    def __init__(self, bootstrap):
        self.common = {"bootstrap.servers": bootstrap}
        self.admin = AdminClient(self.common)
        self.reader = Consumer(self.consumer_config())
        self.producers = {}

    def consumer_config(self):
        # The group is not used, but the client wants a name.
        return self.common | {
            "group.id": "unused",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "check.crcs": True,
        }

    def producer(self, codec, acks, idempotent):
        kind = (codec, acks, idempotent)
        if kind not in self.producers:
            self.producers[kind] = Producer(self.common | {
                "compression.type": codec,
                "acks": acks,
                "enable.idempotence": idempotent,
                "message.max.bytes": MAX_REQUEST,
                "linger.ms": 20,
            })
        return self.producers[kind]

    def produce(self, topic, codec, acks, idempotent, records):
        producer = self.producer(codec, acks, idempotent)
        errors = []

        def delivered(error, _message):
            if error is not None:
                errors.append(str(error))

        for record in records:
            producer.produce(
                topic,
                partition=record["partition"],
                timestamp=record["timestamp"] or 0,
                key=decoded(record["key"]),
                value=decoded(record["value"]),
                headers=decoded_headers(record),
                on_delivery=delivered,
            )
        left = producer.flush(PATIENCE_SECONDS)
        if left or errors:
            raise RuntimeError(f"{left} records without an answer; {errors[:3]}")

    def consume(self, topic, partitions):
        return self.read(topic, partitions, None)

    def tail(self, topic, partitions, count):
        return self.read(topic, partitions, count)

    def read(self, topic, partitions, count):
        """Up to the ends, or so many."""
        consumer, lines, reading = Consumer(self.consumer_config()), [], set(range(partitions))
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in reading])
        while reading if count is None else len(lines) < count:
            message = consumer.poll(PATIENCE_SECONDS)
            if message is None:
                raise RuntimeError(f"nothing more came after {len(lines)} records; not at the end of {sorted(reading)}")
            if message.error() is None:
                lines.append(self.line_of(message))
            elif message.error().code() == KafkaError._PARTITION_EOF:
                reading.discard(message.partition())
            else:
                raise KafkaException(message.error())
        consumer.close()
        return lines

    @staticmethod
    def line_of(message):
        kind, timestamp = message.timestamp()
        append_time = kind == TIMESTAMP_LOG_APPEND_TIME
        return line(message.partition(), message.offset(), timestamp, append_time, message.key(), message.value(),
                    message.headers())

    def list_topics(self):
        return list(self.admin.list_topics(timeout=PATIENCE_SECONDS).topics)

    def describe_topic(self, topic):
        return len(self.admin.list_topics(topic, timeout=PATIENCE_SECONDS).topics[topic].partitions)

    def brokers(self):
        return len(self.admin.describe_cluster().result().nodes)

    def create_topic(self, topic, partitions, configs):
        done(self.admin.create_topics([NewTopic(topic, partitions, 1, config=configs)]))

    def create_partitions(self, topic, total):
        done(self.admin.create_partitions([NewPartitions(topic, total)]))

    def delete_topic(self, topic):
        done(self.admin.delete_topics([topic]))

    def describe_config(self, topic, key):
        resource = ConfigResource(ResourceType.TOPIC, topic)
        return done(self.admin.describe_configs([resource]))[key].value

    def alter_config(self, topic, key, value):
        entry = ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        done(self.admin.incremental_alter_configs([resource]))

    def offsets(self, topic, partition):
        return list(self.reader.get_watermark_offsets(TopicPartition(topic, partition), PATIENCE_SECONDS))

    def offset_for_time(self, topic, partition, timestamp):
        asked = [TopicPartition(topic, partition, timestamp)]
        return self.reader.offsets_for_times(asked, PATIENCE_SECONDS)[0].offset

    def delete_records(self, topic, partition, before):
        done(self.admin.delete_records([TopicPartition(topic, partition, before)]))


def done(futures):
    """The outcome of a call about one thing."""
    (future,) = futures.values()
    return future.result(PATIENCE_SECONDS)
