"""Runs librdkafka for foreign_client.test.ts: orders as JSON lines on standard input, answers likewise (see README)."""

import base64
import json
import sys
import time

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
)


def encoded(value):
    return None if value is None else base64.b64encode(value).decode()


def decoded(value):
    return None if value is None else base64.b64decode(value)


def say(answer):
    print(json.dumps(answer), flush=True)


def produce(order):
    producer = Producer(
        {
            "bootstrap.servers": order["bootstrap"],
            "acks": order["acks"],
            "compression.codec": order["codec"],
            "enable.idempotence": order["idempotent"],
            "linger.ms": order["lingerMs"],
            "batch.size": order["batchBytes"],
            "message.max.bytes": order["requestBytesMax"],
        }
    )
    outcomes = [None] * len(order["records"])

    def delivered(index):
        def callback(error, message):
            outcomes[index] = {"error": error.name()} if error else {"offset": message.offset()}

        return callback

    for index, record in enumerate(order["records"]):
        headers = [(name, decoded(value)) for name, value in record["headers"]]
        options = {} if record["timestamp"] is None else {"timestamp": record["timestamp"]}
        producer.produce(
            order["topic"],
            partition=order["partition"],
            key=decoded(record["key"]),
            value=decoded(record["value"]),
            headers=headers,
            on_delivery=delivered(index),
            **options,
        )
        producer.poll(0)
    producer.flush()
    say({"outcomes": outcomes})


def start_offset(consumer, order):
    start = order["start"]
    if start == "beginning":
        return OFFSET_BEGINNING
    if start == "end":
        return OFFSET_END
    if isinstance(start, int):
        return start
    asked = TopicPartition(order["topic"], order["partition"], start["timestamp"])
    return consumer.offsets_for_times([asked], timeout=30)[0].offset


def consume(order):
    consumer = Consumer(
        {
            "bootstrap.servers": order["bootstrap"],
            "group.id": "unused",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "check.crcs": True,
            "fetch.wait.max.ms": 100,
        }
    )
    consumer.assign([TopicPartition(order["topic"], order["partition"], start_offset(consumer, order))])
    follow = order["follow"]
    records = []
    reached_end = False
    while not reached_end or follow > 0:
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error():
            if message.error().code() != KafkaError._PARTITION_EOF:
                raise RuntimeError(message.error())
            if not reached_end:
                reached_end = True
                say({"event": "end"})
            continue
        if reached_end:
            follow -= 1
        records.append(
            {
                "offset": message.offset(),
                "key": encoded(message.key()),
                "value": encoded(message.value()),
                "headers": [[name, encoded(value)] for name, value in message.headers() or []],
                "timestamp": message.timestamp()[1],
            }
        )
    consumer.close()
    say({"records": records})


def watermarks(order):
    consumer = Consumer({"bootstrap.servers": order["bootstrap"], "group.id": "unused"})
    low, high = consumer.get_watermark_offsets(TopicPartition(order["topic"], order["partition"]), timeout=30)
    say({"low": low, "high": high})


def administer(order):
    admin = AdminClient({"bootstrap.servers": order["bootstrap"]})
    topic = order["topic"]

    def done(futures):
        return [future.result(30) for future in futures.values()]

    def described():
        return admin.list_topics(timeout=30).topics

    done(admin.create_topics([NewTopic(topic, 2, 1, config={"retention.ms": "1000000"})]))
    before = described()
    size = ConfigEntry("max.message.bytes", "2000", incremental_operation=AlterConfigOpType.SET)
    done(admin.incremental_alter_configs([ConfigResource("topic", topic, incremental_configs=[size])]))
    [told] = done(admin.describe_configs([ConfigResource("topic", topic)]))
    configs = {name: told[name].value for name in ["retention.ms", "max.message.bytes"]}
    done(admin.create_partitions([NewPartitions(topic, 4)]))
    # A cluster tells of a change when it has reached the one who is asked: what was done is waited for.
    while len(described()[topic].partitions) != 4:
        time.sleep(0.05)
    done(admin.delete_topics([topic]))
    while topic in described():
        time.sleep(0.05)
    say(
        {
            "isListed": topic in before,
            "partitions": len(before[topic].partitions),
            "configs": configs,
            "partitionsAfter": 4,
            "isListedAfter": False,
        }
    )


orders = {"produce": produce, "consume": consume, "watermarks": watermarks, "administer": administer}
for line in sys.stdin:
    order = json.loads(line)
    orders[order["order"]](order)
