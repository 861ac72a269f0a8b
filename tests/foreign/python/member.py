"""A Python client as a member of a group: `member.py confluent|kafka_python|aiokafka JSON`. See ../README.md."""

import importlib
import json
import sys

from events import say

if __name__ == "__main__":
    name, asked = sys.argv[1:]
    importlib.import_module(f"{name}_member").run(json.loads(asked))
    say("closed")
