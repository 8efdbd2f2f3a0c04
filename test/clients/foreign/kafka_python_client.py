"""Runs kafka-python for foreign_client.test.ts: orders as JSON lines on standard input, answers likewise (see README)."""

import base64
import json
import sys
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewTopic


def encoded(value):
    return None if value is None else base64.b64encode(value).decode()


def decoded(value):
    return None if value is None else base64.b64decode(value)


def say(answer):
    print(json.dumps(answer), flush=True)


def produce(order):
    codec = order["codec"]
    producer = KafkaProducer(
        bootstrap_servers=order["bootstrap"],
        acks=order["acks"] if order["acks"] == "all" else int(order["acks"]),
        compression_type=None if codec == "none" else codec,
        enable_idempotence=order["idempotent"],
        linger_ms=order["lingerMs"],
        batch_size=order["batchBytes"],
        max_request_size=order["requestBytesMax"],
    )
    sends = []
    for record in order["records"]:
        sends.append(
            producer.send(
                order["topic"],
                partition=order["partition"],
                key=decoded(record["key"]),
                value=decoded(record["value"]),
                headers=[(name, decoded(value)) for name, value in record["headers"]],
                timestamp_ms=record["timestamp"],
            )
        )
    producer.flush()
    outcomes = []
    for send in sends:
        try:
            outcomes.append({"offset": send.get(timeout=30).offset})
        except Exception as error:  # whatever it is, the test says which one it must be
            outcomes.append({"error": type(error).__name__})
    producer.close()
    say({"outcomes": outcomes})


def consume(order):
    consumer = KafkaConsumer(bootstrap_servers=order["bootstrap"], enable_auto_commit=False, check_crcs=True)
    partition = TopicPartition(order["topic"], order["partition"])
    consumer.assign([partition])
    start = order["start"]
    if start == "beginning":
        consumer.seek_to_beginning(partition)
    elif start == "end":
        consumer.seek_to_end(partition)
    elif isinstance(start, int):
        consumer.seek(partition, start)
    else:
        consumer.seek(partition, consumer.offsets_for_times({partition: start["timestamp"]})[partition].offset)
    end = consumer.end_offsets([partition])[partition]
    last = end + order["follow"]
    records = []
    if consumer.position(partition) >= end:
        say({"event": "end"})
    while consumer.position(partition) < last:
        for message in consumer.poll(timeout_ms=1000).get(partition, []):
            records.append(
                {
                    "offset": message.offset,
                    "key": encoded(message.key),
                    "value": encoded(message.value),
                    "headers": [[name, encoded(value)] for name, value in message.headers],
                    "timestamp": message.timestamp,
                }
            )
    consumer.close()
    say({"records": records})


def watermarks(order):
    consumer = KafkaConsumer(bootstrap_servers=order["bootstrap"])
    partition = TopicPartition(order["topic"], order["partition"])
    say(
        {
            "low": consumer.beginning_offsets([partition])[partition],
            "high": consumer.end_offsets([partition])[partition],
        }
    )


def administer(order):
    admin = KafkaAdminClient(bootstrap_servers=order["bootstrap"])
    topic = order["topic"]
    settings = {"retention.ms": "1000000"}
    admin.create_topics([NewTopic(name=topic, num_partitions=2, replication_factor=1, topic_configs=settings)])
    listed = topic in admin.list_topics()

    def partitions():
        return len(admin.describe_topics([topic])[0]["partitions"])

    before = partitions()
    resource = ConfigResource(ConfigResourceType.TOPIC, topic, configs={"max.message.bytes": "2000"})
    admin.alter_configs([resource])
    asked = ConfigResource(ConfigResourceType.TOPIC, topic)
    told = admin.describe_configs([asked], config_filter="all")
    configs = find_configs(told, ["retention.ms", "max.message.bytes"])
    admin.create_partitions({topic: 4})
    # A cluster tells of a change when it has reached the one who is asked: what was done is waited for.
    while partitions() != 4:
        time.sleep(0.05)
    admin.delete_topics([topic])
    while topic in admin.list_topics():
        time.sleep(0.05)
    say(
        {
            "isListed": listed,
            "partitions": before,
            "configs": configs,
            "partitionsAfter": 4,
            "isListedAfter": False,
        }
    )
    admin.close()


def find_configs(told, names):
    """The values of the named settings, wherever in the answer's nesting they stand."""
    found = {}

    def visit(node):
        if isinstance(node, dict):
            for name in names:
                if isinstance(node.get(name), dict):
                    found[name] = node[name]["value"]
            for child in node.values():
                visit(child)

    visit(told)
    return found


orders = {"produce": produce, "consume": consume, "watermarks": watermarks, "administer": administer}
for line in sys.stdin:
    order = json.loads(line)
    orders[order["order"]](order)
