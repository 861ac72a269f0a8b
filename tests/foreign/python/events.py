"""What the members of groups have in common: what they are asked, and what they say."""

import json
import os
import queue
import sys
import threading
import time


def say(event, **fields):
    line = {"event": event, "at": time.monotonic_ns(), "wall": time.time_ns() // 1_000_000} | fields
    # One write, so that a kill never leaves half a line.
    os.write(1, (json.dumps(line) + "\n").encode())


def words():
    """A queue of the lines of stdin, with "close" at its end."""
    given = queue.Queue()

    def read():
        for line in sys.stdin:
            given.put(line.strip())
        given.put("close")

    threading.Thread(target=read, daemon=True).start()
    return given


def next_word(given):
    """What was asked, or None."""
    try:
        return given.get_nowait()
    except queue.Empty:
        return None


class Positions:
    """The offsets after what was read and not committed yet."""

    def __init__(self):
        self.next = {}

    def record(self, topic, partition, offset, value):
        say("record", topic=topic, partition=partition, offset=offset, value=(value or b"").decode())
        self.next[topic, partition] = offset + 1

    def forget(self, places):
        for place in places:
            self.next.pop(tuple(place), None)

    def take(self):
        taken, self.next = self.next, {}
        return taken

    def give_back(self, taken):
        """Was not committed: it is to be tried again, unless more was read since."""
        self.next = taken | self.next

    @staticmethod
    def said(taken):
        return [[topic, partition, offset] for (topic, partition), offset in taken.items()]


def work(asked):
    """What a slow member does with a batch."""
    if asked["slow_ms"]:
        time.sleep(asked["slow_ms"] / 1000)


def places(partitions):
    return [[partition.topic, partition.partition] for partition in partitions]
