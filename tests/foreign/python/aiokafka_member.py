"""A member of a group with aiokafka."""

import asyncio
import time

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import KafkaError

from events import Positions, next_word, places, say, words, work

ASSIGNORS = {
    "range": RangePartitionAssignor,
    "roundrobin": RoundRobinPartitionAssignor,
    "sticky": StickyPartitionAssignor,
}


class Listener(ConsumerRebalanceListener):
    def __init__(self, read, lock):
        self.read = read
        self.lock = lock
        self.consumer = None

    async def on_partitions_assigned(self, assigned):
        coordinator = self.consumer._coordinator
        say("assigned", partitions=places(assigned), generation=coordinator.generation, member=coordinator.member_id)

    async def on_partitions_revoked(self, revoked):
        # The loop reads and commits in a task of its own: what it has begun it ends first.
        async with self.lock:
            self.read.forget(places(revoked))
            say("revoked", partitions=places(revoked))


def run(asked):
    asyncio.run(follow(asked))


async def follow(asked):
    given, read, lock = words(), Positions(), asyncio.Lock()
    listener = Listener(read, lock)
    consumer = listener.consumer = AIOKafkaConsumer(
        bootstrap_servers=asked["bootstrap"],
        group_id=asked["group"],
        group_instance_id=asked["instance"] or None,
        partition_assignment_strategy=[ASSIGNORS[asked["assignor"]]],
        session_timeout_ms=asked["session_ms"],
        heartbeat_interval_ms=asked["session_ms"] // 10,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    consumer.subscribe(asked["topics"], listener=listener)
    await consumer.start()
    while (word := next_word(given)) != "close":
        if word == "commit":
            async with lock:
                await commit(consumer, read)
        polled = await consumer.getmany(timeout_ms=100, max_records=asked["max_records"])
        async with lock:
            held = consumer.assignment()
            for place, records in polled.items():
                # Partitions may have gone between the call and the lock.
                for record in records if place in held else []:
                    read.record(record.topic, record.partition, record.offset, record.value)
            if polled:
                await asyncio.to_thread(work, asked)
                if asked["commit"] == "each":
                    await commit(consumer, read)
    await consumer.stop()


async def commit(consumer, read):
    taken, began = read.take(), time.monotonic_ns()
    try:
        if taken:
            await consumer.commit({TopicPartition(*place): offset for place, offset in taken.items()})
        say("committed", offsets=read.said(taken), began=began)
    except KafkaError as error:
        say("refused", message=f"{type(error).__name__}: {error}")
