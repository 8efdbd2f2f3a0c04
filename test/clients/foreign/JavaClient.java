// Runs Apache Kafka's Java client for foreign_client.test.ts: orders as JSON lines on standard input, answers as JSON
// lines (see README). Run from source: java -cp <kafka jars> JavaClient.java

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class JavaClient {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] arguments) throws Exception {
        var orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = orders.readLine(); line != null; line = orders.readLine()) {
            JsonNode order = JSON.readTree(line);
            switch (order.get("order").asText()) {
                case "produce" -> produce(order);
                case "consume" -> consume(order);
                case "watermarks" -> watermarks(order);
                case "administer" -> administer(order);
                default -> throw new IllegalArgumentException("an unknown order");
            }
        }
    }

    private static void produce(JsonNode order) throws Exception {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", order.get("bootstrap").asText());
        settings.put("acks", order.get("acks").asText());
        settings.put("compression.type", order.get("codec").asText());
        settings.put("enable.idempotence", order.get("idempotent").asBoolean());
        settings.put("linger.ms", order.get("lingerMs").asInt());
        settings.put("batch.size", order.get("batchBytes").asInt());
        settings.put("max.request.size", order.get("requestBytesMax").asInt());
        List<Future<RecordMetadata>> sends = new ArrayList<>();
        ArrayNode outcomes = JSON.createArrayNode();
        try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (JsonNode record : order.get("records")) {
                JsonNode timestamp = record.get("timestamp");
                var sent = new ProducerRecord<>(
                    order.get("topic").asText(),
                    order.get("partition").asInt(),
                    timestamp.isNull() ? null : Long.valueOf(timestamp.asLong()),
                    decoded(record.get("key")),
                    decoded(record.get("value")));
                for (JsonNode header : record.get("headers")) {
                    sent.headers().add(header.get(0).asText(), decoded(header.get(1)));
                }
                sends.add(producer.send(sent));
            }
            producer.flush();
            for (Future<RecordMetadata> send : sends) {
                ObjectNode outcome = outcomes.addObject();
                try {
                    outcome.put("offset", send.get().offset());
                } catch (ExecutionException failure) {
                    outcome.put("error", failure.getCause().getClass().getSimpleName());
                }
            }
        }
        say(JSON.createObjectNode().set("outcomes", outcomes));
    }

    private static void consume(JsonNode order) throws Exception {
        ArrayNode records = JSON.createArrayNode();
        try (var consumer = consumer(order)) {
            TopicPartition partition = partition(order);
            consumer.assign(List.of(partition));
            JsonNode start = order.get("start");
            if (start.isInt()) consumer.seek(partition, start.asLong());
            else if (start.isObject()) {
                var asked = Map.of(partition, start.get("timestamp").asLong());
                consumer.seek(partition, consumer.offsetsForTimes(asked).get(partition).offset());
            } else if (start.asText().equals("beginning")) consumer.seekToBeginning(List.of(partition));
            else consumer.seekToEnd(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            long last = end + order.get("follow").asLong();
            if (consumer.position(partition) >= end) say(JSON.createObjectNode().put("event", "end"));
            while (consumer.position(partition) < last) {
                for (ConsumerRecord<byte[], byte[]> found : consumer.poll(Duration.ofMillis(1000))) {
                    ObjectNode record = records.addObject();
                    record.put("offset", found.offset());
                    record.put("key", encoded(found.key()));
                    record.put("value", encoded(found.value()));
                    record.put("timestamp", found.timestamp());
                    ArrayNode headers = record.putArray("headers");
                    for (Header header : found.headers()) {
                        headers.addArray().add(header.key()).add(encoded(header.value()));
                    }
                }
            }
        }
        say(JSON.createObjectNode().set("records", records));
    }

    private static void watermarks(JsonNode order) throws Exception {
        try (var consumer = consumer(order)) {
            TopicPartition partition = partition(order);
            ObjectNode answer = JSON.createObjectNode();
            answer.put("low", consumer.beginningOffsets(List.of(partition)).get(partition));
            answer.put("high", consumer.endOffsets(List.of(partition)).get(partition));
            say(answer);
        }
    }

    /** A cluster tells of a change when it has reached the one who is asked: what was done is waited for. */
    private static void administer(JsonNode order) throws Exception {
        String topic = order.get("topic").asText();
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        ObjectNode answer = JSON.createObjectNode();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", order.get("bootstrap").asText()))) {
            var created = new NewTopic(topic, 2, (short) 1).configs(Map.of("retention.ms", "1000000"));
            admin.createTopics(List.of(created)).all().get();
            answer.put("isListed", admin.listTopics().names().get().contains(topic));
            answer.put("partitions", partitions(admin, topic));
            var size = new AlterConfigOp(new ConfigEntry("max.message.bytes", "2000"), AlterConfigOp.OpType.SET);
            admin.incrementalAlterConfigs(Map.of(resource, List.of(size))).all().get();
            Config told = admin.describeConfigs(List.of(resource)).all().get().get(resource);
            ObjectNode configs = answer.putObject("configs");
            for (String name : List.of("retention.ms", "max.message.bytes")) configs.put(name, told.get(name).value());
            admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(4))).all().get();
            while (partitions(admin, topic) != 4) Thread.sleep(50);
            answer.put("partitionsAfter", 4);
            admin.deleteTopics(List.of(topic)).all().get();
            while (admin.listTopics().names().get().contains(topic)) Thread.sleep(50);
            answer.put("isListedAfter", false);
        }
        say(answer);
    }

    private static int partitions(Admin admin, String topic) throws Exception {
        return admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size();
    }

    private static KafkaConsumer<byte[], byte[]> consumer(JsonNode order) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", order.get("bootstrap").asText());
        settings.put("enable.auto.commit", false);
        settings.put("fetch.max.wait.ms", 100);
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private static TopicPartition partition(JsonNode order) {
        return new TopicPartition(order.get("topic").asText(), order.get("partition").asInt());
    }

    private static String encoded(byte[] value) {
        return value == null ? null : Base64.getEncoder().encodeToString(value);
    }

    private static byte[] decoded(JsonNode text) {
        return text.isNull() ? null : Base64.getDecoder().decode(text.asText());
    }

    private static void say(JsonNode answer) {
        System.out.println(answer);
    }
}
