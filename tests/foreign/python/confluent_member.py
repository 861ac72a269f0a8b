"""A member of a group with confluent-kafka, which is librdkafka."""

import time

from confluent_kafka import Consumer, KafkaException, TopicPartition

from events import Positions, next_word, places, say, words, work


def run(asked):
    given, read = words(), Positions()
    consumer = Consumer(config(asked))

    def assigned(_consumer, partitions):
        say("assigned", partitions=places(partitions), member=consumer.memberid())

    def revoked(_consumer, partitions):
        read.forget(places(partitions))
        say("revoked", partitions=places(partitions))

    def lost(_consumer, partitions):
        read.forget(places(partitions))
        say("lost", partitions=places(partitions))

    consumer.subscribe(asked["topics"], on_assign=assigned, on_revoke=revoked, on_lost=lost)
    while (word := next_word(given)) != "close":
        if word == "commit":
            commit(consumer, read)
        messages = consumer.consume(asked["max_records"], timeout=0.1)
        for message in messages:
            if message.error() is None:
                read.record(message.topic(), message.partition(), message.offset(), message.value())
            else:
                say("error", message=str(message.error()))
        if messages:
            work(asked)
        # Also without messages: what was refused in a rebalance is committed after it.
        if asked["commit"] == "each" and read.next:
            commit(consumer, read)
    consumer.close()


def config(asked):
    common = {
        "bootstrap.servers": asked["bootstrap"],
        "group.id": asked["group"],
        "group.protocol": asked["protocol"],
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        # A broker that is killed between telling who coordinates and telling of the topic leaves librdkafka waiting for
        # metadata, which it asks for again after so long only, by default five minutes.
        "topic.metadata.refresh.interval.ms": 2000,
    }
    if asked.get("debug"):
        common["debug"] = "cgrp,topic,fetch,consumer"
    if asked["instance"]:
        common["group.instance.id"] = asked["instance"]
    if asked["protocol"] == "consumer":
        return common | {"group.remote.assignor": asked["assignor"]}
    return common | {
        "partition.assignment.strategy": asked["assignor"],
        "session.timeout.ms": asked["session_ms"],
        "heartbeat.interval.ms": asked["session_ms"] // 10,
    }


def commit(consumer, read):
    taken, began = read.take(), time.monotonic_ns()
    offsets = [TopicPartition(topic, partition, offset) for (topic, partition), offset in taken.items()]
    try:
        for done in consumer.commit(offsets=offsets, asynchronous=False) if offsets else []:
            if done.error is not None:
                raise KafkaException(done.error)
        say("committed", offsets=read.said(taken), began=began)
    except KafkaException as error:
        read.give_back(taken)
        say("refused", message=str(error))
