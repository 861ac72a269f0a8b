"""One Python client, doing jobs: `serve.py confluent|kafka_python|aiokafka HOST:PORT`. The jobs are in ../README.md."""

import importlib
import json
import sys
import traceback

from jobs import Unsupported


def answer(client, job):
    operation = getattr(client, job.pop("op"), None)
    if operation is None:
        return {"unsupported": "the client has no call for it"}
    try:
        return {"ok": operation(**job)}
    except Unsupported as why:
        return {"unsupported": str(why)}
    except Exception as error:
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    name, bootstrap = sys.argv[1:]
    client = importlib.import_module(name + "_client").Client(bootstrap)
    for line in sys.stdin:
        print(json.dumps(answer(client, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
