"""Runs librdkafka for librdkafka.test.ts: one order as JSON on standard input, answers as JSON lines.

Bytes are base64. `produce` tells the offset of each record in the order sent, or the error. `consume` reads an
assigned partition to its end, and with `follow` says {"event": "end"} there and goes on until it has so many more.
"""

import base64
import json
import sys

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, Producer, TopicPartition


def encoded(value):
    return None if value is None else base64.b64encode(value).decode()


def decoded(value):
    return None if value is None else base64.b64decode(value)


def say(answer):
    print(json.dumps(answer), flush=True)


def produce(order):
    producer = Producer(order["config"])
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
    settings = {"group.id": "unused", "enable.auto.commit": False, "enable.partition.eof": True, "check.crcs": True}
    consumer = Consumer({**settings, **order["config"]})
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
    consumer = Consumer({"group.id": "unused", **order["config"]})
    low, high = consumer.get_watermark_offsets(TopicPartition(order["topic"], order["partition"]), timeout=30)
    say({"low": low, "high": high})


order = json.load(sys.stdin)
{"produce": produce, "consume": consume, "watermarks": watermarks}[order["order"]](order)
