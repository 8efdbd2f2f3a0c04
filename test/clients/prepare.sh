#!/bin/sh
# Fetches the clients that no npm package of ours brings, outside of the repository: librdkafka with its Python binding and
# kafka-python (PyPI), Apache Kafka's tools (Maven Central), franz-go (Go modules), confluent-kafka-javascript (npm; built
# against Debian's libraries by the machine's own Node), kcat (Debian). What cannot be had is said, and its tests are
# skipped.
# The folder is MILLRACE_CLIENTS, /tmp/millrace-clients when unset.
set -u
clients="${MILLRACE_CLIENTS:-/tmp/millrace-clients}"
kafka_version=4.3.1
mkdir -p "$clients"

if [ -x "$clients/venv/bin/python" ] && "$clients/venv/bin/python" -c 'import confluent_kafka' 2>/dev/null; then
  echo 'confluent-kafka: there'
elif python3 -m venv "$clients/venv" && "$clients/venv/bin/pip" install --quiet confluent-kafka; then
  echo 'confluent-kafka: installed'
else
  echo 'confluent-kafka: cannot be had'
fi

if [ -x "$clients/venv/bin/python" ] && "$clients/venv/bin/python" -c 'import kafka, snappy, lz4, zstandard' 2>/dev/null; then
  echo 'kafka-python: there'
elif [ -x "$clients/venv/bin/pip" ] &&
  "$clients/venv/bin/pip" install --quiet kafka-python python-snappy lz4 zstandard crc32c; then
  echo 'kafka-python: installed'
else
  echo 'kafka-python: cannot be had'
fi

# Built each time: the script in the repository may have changed, and the compiler's cache makes it cheap.
if ! command -v go >/dev/null; then
  echo 'franz-go: needs go'
elif (cd "$(dirname "$0")/foreign/franz_go" && go build -o "$clients/franz_go" .); then
  echo 'franz-go: built'
else
  echo 'franz-go: cannot be had'
fi

# Its native part is built for one version of Node; ours may have no headers, so it is the machine's that runs it.
machine_node="$(PATH="$(printf %s "$PATH" | tr : '\n' | grep -v node_modules | paste -sd :)" command -v node || true)"
if [ -x "$clients/javascript/node" ] && (cd "$clients/javascript" && ./node -e "require('@confluentinc/kafka-javascript')" 2>/dev/null); then
  echo 'confluent-kafka-javascript: there'
elif [ -n "$machine_node" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null &&
  apt-get install -qq -y zlib1g-dev libssl-dev libzstd-dev libcurl4-openssl-dev libsasl2-dev >/dev/null 2>&1 &&
  mkdir -p "$clients/javascript" && (
  cd "$clients/javascript"
  PATH="$(dirname "$machine_node"):$PATH"
  export PATH
  npm init --yes >/dev/null 2>&1
  CKJS_LINKING=dynamic npm install --silent --no-audit --no-fund @confluentinc/kafka-javascript >/dev/null 2>&1
); then
  ln -sf "$machine_node" "$clients/javascript/node"
  echo 'confluent-kafka-javascript: built'
else
  echo 'confluent-kafka-javascript: cannot be had'
fi

if ls "$clients"/kafka/kafka-tools-$kafka_version.jar >/dev/null 2>&1; then
  echo "Apache Kafka $kafka_version: there"
elif command -v mvn >/dev/null; then
  cat >"$clients/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>clients</groupId><artifactId>clients</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$kafka_version</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>$kafka_version</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.1</version></dependency>
  </dependencies>
</project>
POM
  if (cd "$clients" && mvn --quiet --batch-mode dependency:copy-dependencies -DoutputDirectory="$clients/kafka"); then
    echo "Apache Kafka $kafka_version: fetched"
  else
    echo "Apache Kafka $kafka_version: cannot be had"
  fi
else
  echo "Apache Kafka $kafka_version: needs mvn"
fi

if command -v kcat >/dev/null; then
  echo 'kcat: there'
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get install -qq -y kcat >/dev/null 2>&1; then
  echo 'kcat: installed'
else
  echo 'kcat: cannot be had (Debian package kcat)'
fi
