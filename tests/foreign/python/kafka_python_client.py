"""kafka-python, which is pure Python."""

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from jobs import MAX_REQUEST, PATIENCE_SECONDS, decoded, decoded_headers, line

LOG_APPEND_TIME = 1


class Client:
    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        self.reader = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
        self.producers = {}

    def producer(self, codec, acks, idempotent):
        kind = (codec, acks, idempotent)
        if kind not in self.producers:
            self.producers[kind] = KafkaProducer(
                bootstrap_servers=self.bootstrap,
                compression_type=None if codec == "none" else codec,
                acks=acks if acks == "all" else int(acks),
                enable_idempotence=idempotent,
                max_request_size=MAX_REQUEST,
                linger_ms=20,
            )
        return self.producers[kind]

    def produce(self, topic, codec, acks, idempotent, records):
        producer = self.producer(codec, acks, idempotent)
        sent = [
            producer.send(
                topic,
                partition=record["partition"],
                timestamp_ms=record["timestamp"],
                key=decoded(record["key"]),
                value=decoded(record["value"]),
                headers=decoded_headers(record),
            )
            for record in records
        ]
        producer.flush(PATIENCE_SECONDS)
        for future in sent:
            future.get(PATIENCE_SECONDS)

    def consume(self, topic, partitions):
        ends = self.reader.end_offsets([TopicPartition(topic, partition) for partition in range(partitions)])
        begins = self.reader.beginning_offsets(list(ends))
        return self.tail(topic, partitions, sum(ends[place] - begins[place] for place in ends))

    def tail(self, topic, partitions, count):
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False, check_crcs=True)
        places = [TopicPartition(topic, partition) for partition in range(partitions)]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        lines = []
        while len(lines) < count:
            polled = consumer.poll(timeout_ms=PATIENCE_SECONDS * 1000)
            if not polled:
                raise RuntimeError(f"nothing more came after {len(lines)} records of {count}")
            lines.extend(line_of(record) for records in polled.values() for record in records)
        consumer.close()
        return lines

    def list_topics(self):
        return list(self.admin.list_topics())

    def describe_topic(self, topic):
        (described,) = self.admin.describe_topics([topic])
        return len(described["partitions"])

    def brokers(self):
        return len(self.admin.describe_cluster()["brokers"])

    def create_topic(self, topic, partitions, configs):
        self.admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=configs)])

    def create_partitions(self, topic, total):
        self.admin.create_partitions({topic: NewPartitions(total)})

    def delete_topic(self, topic):
        self.admin.delete_topics([topic])

    def describe_config(self, topic, key):
        resource = ConfigResource(ConfigResourceType.TOPIC, topic)
        described = self.admin.describe_configs([resource], config_filter="all")
        return described["topic"][topic][key]["value"]

    def alter_config(self, topic, key, value):
        self.admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs={key: value})])

    def offsets(self, topic, partition):
        place = TopicPartition(topic, partition)
        return [self.reader.beginning_offsets([place])[place], self.reader.end_offsets([place])[place]]

    def offset_for_time(self, topic, partition, timestamp):
        place = TopicPartition(topic, partition)
        found = self.reader.offsets_for_times({place: timestamp})[place]
        return -1 if found is None else found.offset

    def delete_records(self, topic, partition, before):
        self.admin.delete_records({TopicPartition(topic, partition): before})


def line_of(record):
    return line(record.partition, record.offset, record.timestamp, record.timestamp_type == LOG_APPEND_TIME, record.key,
                record.value, record.headers)
