#!/usr/bin/env bash
# Installs what the end-to-end tests need beside Rust: kcat, strace, a Python with confluent-kafka in
# target/foreign/python, and Apache Kafka's own tools in target/foreign/kafka. What is there already is left alone, so
# running it again costs nothing.
#
# Debian or Ubuntu, as root or with sudo; elsewhere install kcat, strace, Python's venv, Java 17 and Maven by other means first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

venv=target/foreign/python
requirements=tests/foreign/python/requirements.txt
kafka=target/foreign/kafka
pom=tests/foreign/java/pom.xml

# Networks fail for moments: three tries, each with an end. Only for commands that fetch.
fetch() { # SECONDS COMMAND...
  local seconds=$1 try
  shift
  for try in 1 2 3; do
    timeout "$seconds" "$@" && return
    echo "try $try of 3 failed: $*" >&2
    sleep $((try * 5))
  done
  return 1
}

as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo -n "$@"; fi
}
apt() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@"
}
apt_update() { apt update; }
apt_install() { apt install -y --no-install-recommends "$@"; }
export -f as_root apt apt_update apt_install

install_packages() {
  local missing=()
  command -v kcat > /dev/null || missing+=(kcat)
  command -v strace > /dev/null || missing+=(strace)
  command -v python3 > /dev/null || missing+=(python3)
  python3 -c 'import ensurepip' 2> /dev/null || missing+=(python3-venv)
  command -v java > /dev/null || missing+=(default-jre-headless)
  command -v mvn > /dev/null || cmp -s "$pom" "$kafka/pom.xml" || missing+=(maven)
  ((${#missing[@]})) || return 0
  fetch 180 bash -c apt_update
  fetch 300 bash -c 'apt_install "$@"' apt_install "${missing[@]}"
}

install_python_client() {
  if cmp -s "$requirements" "$venv/requirements.txt"; then return 0; fi
  rm -rf "$venv"
  python3 -m venv "$venv"
  fetch 180 "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$requirements"
  "$venv/bin/python" -c 'import confluent_kafka'
  # Last, so that a venv that was not finished is made again.
  cp "$requirements" "$venv/requirements.txt"
}

install_kafka_tools() {
  if cmp -s "$pom" "$kafka/pom.xml"; then return 0; fi
  rm -rf "$kafka"
  # Without the network first: what was fetched once is in Maven's own store.
  copy_jars -o > /dev/null 2>&1 || fetch 300 bash -c copy_jars
  cp "$pom" "$kafka/pom.xml"
}
copy_jars() { # [-o]
  mvn "$@" -B -q -f "$pom" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DoutputDirectory="$PWD/$kafka/libs" -DincludeScope=runtime
}
export -f copy_jars
export kafka pom

install_packages
install_python_client
install_kafka_tools
kcat -V 2>&1 | grep Version
strace -V | head -n 1
"$venv/bin/python" -c 'import confluent_kafka as c; print("confluent-kafka", c.version(), "on librdkafka", c.libversion()[0])'
java -cp "$kafka/libs/*" org.apache.kafka.tools.DumpLogSegments --version
