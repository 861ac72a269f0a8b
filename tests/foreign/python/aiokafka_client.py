"""aiokafka, which is asyncio."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code
from jobs import MAX_REQUEST, PATIENCE_SECONDS, decoded, decoded_headers, line

LOG_APPEND_TIME = 1


class Client:
    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.loop = asyncio.new_event_loop()
        self.producers = {}
        self.loop.run_until_complete(self.start())

    async def start(self):
        self.admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await self.admin.start()
        self.reader = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False)
        await self.reader.start()

    def run(self, coroutine):
        return self.loop.run_until_complete(asyncio.wait_for(coroutine, PATIENCE_SECONDS))

    def produce(self, **job):
        self.run(self._produce(**job))

    async def _produce(self, topic, codec, acks, idempotent, records):
        kind = (codec, acks, idempotent)
        if kind not in self.producers:
            self.producers[kind] = AIOKafkaProducer(
                bootstrap_servers=self.bootstrap,
                compression_type=None if codec == "none" else codec,
                acks=acks if acks == "all" else int(acks),
                enable_idempotence=idempotent,
                max_request_size=MAX_REQUEST,
                linger_ms=20,
            )
            await self.producers[kind].start()
        producer = self.producers[kind]
        sent = [
            await producer.send(
                topic,
                partition=record["partition"],
                timestamp_ms=record["timestamp"],
                key=decoded(record["key"]),
                value=decoded(record["value"]),
                headers=decoded_headers(record),
            )
            for record in records
        ]
        await asyncio.gather(*sent)

    def consume(self, topic, partitions):
        return self.run(self._consume(topic, partitions))

    def tail(self, topic, partitions, count):
        return self.run(self._tail(topic, partitions, count))

    async def _consume(self, topic, partitions):
        places = [TopicPartition(topic, partition) for partition in range(partitions)]
        ends = await self.reader.end_offsets(places)
        begins = await self.reader.beginning_offsets(places)
        return await self._tail(topic, partitions, sum(ends[place] - begins[place] for place in places))

    async def _tail(self, topic, partitions, count):
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False, check_crcs=True)
        await consumer.start()
        places = [TopicPartition(topic, partition) for partition in range(partitions)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        lines = []
        while len(lines) < count:
            polled = await consumer.getmany(timeout_ms=PATIENCE_SECONDS * 1000)
            lines.extend(line_of(record) for records in polled.values() for record in records)
        await consumer.stop()
        return lines

    def list_topics(self):
        return self.run(self.admin.list_topics())

    def describe_topic(self, topic):
        (described,) = self.run(self.admin.describe_topics([topic]))
        return len(described["partitions"])

    def brokers(self):
        return len(self.run(self.admin.describe_cluster())["brokers"])

    def create_topic(self, topic, partitions, configs):
        created = self.run(self.admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=configs)]))
        check(created.topic_errors)

    def create_partitions(self, topic, total):
        check(self.run(self.admin.create_partitions({topic: NewPartitions(total)})).topic_errors)

    def delete_topic(self, topic):
        check(self.run(self.admin.delete_topics([topic])).topic_error_codes)

    def describe_config(self, topic, key):
        (described,) = self.run(self.admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)]))
        (resource,) = described.resources
        (value,) = [entry[1] for entry in resource[4] if entry[0] == key]
        return value

    def alter_config(self, topic, key, value):
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, configs={key: value})
        (altered,) = self.run(self.admin.alter_configs([resource]))
        check([(topic, resource[0]) for resource in altered.resources])

    def offsets(self, topic, partition):
        place = TopicPartition(topic, partition)
        begin = self.run(self.reader.beginning_offsets([place]))[place]
        return [begin, self.run(self.reader.end_offsets([place]))[place]]

    def offset_for_time(self, topic, partition, timestamp):
        place = TopicPartition(topic, partition)
        found = self.run(self.reader.offsets_for_times({place: timestamp}))[place]
        return -1 if found is None else found.offset

    def delete_records(self, topic, partition, before):
        self.run(self.admin.delete_records({TopicPartition(topic, partition): RecordsToDelete(before)}))


def check(errors):
    """Raises the first error of a list of (name, code, ...)."""
    for error in errors:
        if error[1]:
            raise for_code(error[1])(error[2] if len(error) > 2 else error[0])


def line_of(record):
    return line(record.partition, record.offset, record.timestamp, record.timestamp_type == LOG_APPEND_TIME, record.key,
                record.value, record.headers)
