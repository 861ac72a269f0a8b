"""A member of a group with kafka-python."""

import time

from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.errors import KafkaError

from events import Positions, next_word, places, say, words, work

ASSIGNORS = {
    "range": RangePartitionAssignor,
    "roundrobin": RoundRobinPartitionAssignor,
    "sticky": StickyPartitionAssignor,
    "cooperative-sticky": CooperativeStickyAssignor,
}


class Listener(ConsumerRebalanceListener):
    def __init__(self, read):
        self.read = read
        self.consumer = None

    def on_partitions_assigned(self, assigned):
        generation = self.consumer._coordinator.generation()
        # The client calls this before the generation counts as stable and can be asked for.
        generation = generation or self.consumer._coordinator._generation
        say("assigned", partitions=places(assigned), generation=generation.generation_id, member=generation.member_id)

    def on_partitions_revoked(self, revoked):
        self.read.forget(places(revoked))
        say("revoked", partitions=places(revoked))

    def on_partitions_lost(self, lost):
        self.read.forget(places(lost))
        say("lost", partitions=places(lost))


def run(asked):
    given, read = words(), Positions()
    listener = Listener(read)
    consumer = listener.consumer = KafkaConsumer(
        bootstrap_servers=asked["bootstrap"],
        group_id=asked["group"],
        group_instance_id=asked["instance"] or None,
        partition_assignment_strategy=[ASSIGNORS[asked["assignor"]]],
        session_timeout_ms=asked["session_ms"],
        heartbeat_interval_ms=asked["session_ms"] // 10,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_poll_records=asked["max_records"],
    )
    consumer.subscribe(asked["topics"], listener=listener)
    while (word := next_word(given)) != "close":
        if word == "commit":
            commit(consumer, read)
        polled = consumer.poll(timeout_ms=100)
        stay_in_join(consumer._coordinator)
        for records in polled.values():
            for record in records:
                read.record(record.topic, record.partition, record.offset, record.value)
        if polled:
            work(asked)
            if asked["commit"] == "each":
                commit(consumer, read)
    consumer.close()


def stay_in_join(coordinator):
    """Where changed metadata made the client join, kafka-python 3.0.12 forgets a join that outlasts a poll: it never looks at what it
    was assigned, and sends no heartbeats. It looks as long as it believes that it has to join."""
    if coordinator._join_task is not None:
        coordinator.request_rejoin()


def commit(consumer, read):
    taken, began = read.take(), time.monotonic_ns()
    offsets = {TopicPartition(*place): OffsetAndMetadata(offset, "", -1) for place, offset in taken.items()}
    try:
        if offsets:
            consumer.commit(offsets)
        say("committed", offsets=read.said(taken), began=began)
    except KafkaError as error:
        say("refused", message=f"{type(error).__name__}: {error}")
