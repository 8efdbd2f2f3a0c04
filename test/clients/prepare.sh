#!/bin/sh
# Fetches the clients that no npm package brings, outside of the repository: librdkafka with its Python binding (PyPI),
# Apache Kafka's tools (Maven Central), kcat (Debian). What cannot be had is said, and its tests are skipped.
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
