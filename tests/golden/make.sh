#!/usr/bin/env bash
# Makes the golden directories again: KAFKA_HOME=/path/to/kafka_2.13-4.3.1 tests/golden/make.sh
#
# Needs that installation, a JDK of 17 or later, and the ports 19092 and 19093 of loopback. Tests need none of it: they read
# what is committed. Offsets, timestamps, bytes of records and producers' windows are the same each time; topic ids are not.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${KAFKA_HOME:?where Apache Kafka is unpacked}"
export KAFKA_HEAP_OPTS="-Xmx512m"
work=$(mktemp -d)
pid=
trap '[[ -z $pid ]] || kill -9 "$pid" 2> /dev/null; rm -rf "$work"' EXIT

cat > "$work/server.properties" << PROPS
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:19093
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093
advertised.listeners=PLAINTEXT://127.0.0.1:19092
log.dirs=$work/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
auto.create.topics.enable=false
log.message.timestamp.before.max.ms=9223372036854775807
PROPS

start() {
  LOG_DIR=$work/logs "$KAFKA_HOME/bin/kafka-server-start.sh" "$work/server.properties" > "$work/out" 2>&1 &
  pid=$!
  until grep -q 'Kafka Server started' "$work/out"; do
    kill -0 "$pid" || { cat "$work/out"; exit 1; }
    sleep 0.2
  done
}
stop() { kill "-$1" "$pid"; wait "$pid" || true; pid=; }
client() { java -cp "$KAFKA_HOME/libs/*" "$here/Golden.java" 127.0.0.1:19092 "$@"; }
# Only what a log directory has; the metadata of Kafka's quorum is of no use to anybody else.
keep() { # NAME TOPIC...
  local to=$here/kafka-4.3.1/$1 topic
  shift
  rm -rf "$to" && mkdir -p "$to"
  cp "$work"/data/{meta.properties,*-checkpoint} "$to"
  [[ ! -e $work/data/.kafka_cleanshutdown ]] || cp "$work/data/.kafka_cleanshutdown" "$to"
  for topic in "$@"; do cp -r "$work/data/$topic-0" "$to"; done
}

topics=(shapes-{none,gzip,snappy,lz4,zstd} segments times deleted append-time producers transactions epochs empty)
"$KAFKA_HOME/bin/kafka-storage.sh" format -t goldengoldengoldengA -c "$work/server.properties" > /dev/null
start && client first && stop TERM
start && client second && stop TERM
start && client third
client expect "$here/kafka-4.3.1/expected.json" "$(IFS=,; echo "${topics[*]}")"
stop TERM
keep clean "${topics[@]}"
start && client unclean
client expect "$here/kafka-4.3.1/expected-unclean.json" unclean
stop KILL
keep unclean unclean
du -sh --apparent-size "$here/kafka-4.3.1"
