import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Kafka's own kafka-clients, doing jobs: `Client HOST:PORT`. The jobs are in ../README.md. */
public final class Client {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final String bootstrap;
    private final Admin admin;
    private final KafkaConsumer<byte[], byte[]> reader;
    private final Map<String, KafkaProducer<byte[], byte[]>> producers = new HashMap<>();

    private Client(String bootstrap) {
        this.bootstrap = bootstrap;
        admin = Admin.create(Map.of("bootstrap.servers", bootstrap));
        reader = consumer();
    }

    public static void main(String[] args) throws Exception {
        Client client = new Client(args[0]);
        // Whatever else prints does it on stderr.
        PrintStream out = System.out;
        System.setOut(System.err);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8), 1 << 20);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(JSON.writeValueAsString(client.answer(JSON.readTree(line))));
            out.flush();
        }
        Runtime.getRuntime().halt(0);
    }

    private ObjectNode answer(JsonNode job) {
        ObjectNode answer = NODES.objectNode();
        try {
            answer.set("ok", perform(job));
        } catch (UnsupportedOperationException why) {
            answer.put("unsupported", why.getMessage());
        } catch (Exception error) {
            error.printStackTrace();
            Throwable cause = error instanceof ExecutionException ? error.getCause() : error;
            answer.put("error", cause.getClass().getSimpleName() + ": " + cause.getMessage());
        }
        return answer;
    }

    private JsonNode perform(JsonNode job) throws Exception {
        String topic = job.path("topic").asText();
        TopicPartition place = new TopicPartition(topic, job.path("partition").asInt());
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        String key = job.path("key").asText();
        switch (job.get("op").asText()) {
            case "produce":
                produce(job);
                return NODES.nullNode();
            case "consume":
                return consume(places(job));
            case "tail":
                return tail(places(job), job.get("count").asLong());
            case "list_topics":
                return JSON.valueToTree(admin.listTopics().names().get());
            case "brokers":
                return NODES.numberNode(admin.describeCluster().nodes().get().size());
            case "describe_topic":
                return NODES.numberNode(
                    admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size());
            case "create_topic":
                Map<String, String> configs = JSON.convertValue(job.get("configs"), Map.class);
                NewTopic wanted = new NewTopic(topic, job.get("partitions").asInt(), (short) 1).configs(configs);
                return done(admin.createTopics(List.of(wanted)).all());
            case "create_partitions":
                NewPartitions total = NewPartitions.increaseTo(job.get("total").asInt());
                return done(admin.createPartitions(Map.of(topic, total)).all());
            case "delete_topic":
                return done(admin.deleteTopics(List.of(topic)).all());
            case "describe_config":
                return NODES.textNode(
                    admin.describeConfigs(List.of(resource)).all().get().get(resource).get(key).value());
            case "alter_config":
                ConfigEntry entry = new ConfigEntry(key, job.get("value").asText());
                AlterConfigOp set = new AlterConfigOp(entry, AlterConfigOp.OpType.SET);
                return done(admin.incrementalAlterConfigs(Map.of(resource, List.of(set))).all());
            case "delete_records":
                RecordsToDelete before = RecordsToDelete.beforeOffset(job.get("before").asLong());
                return done(admin.deleteRecords(Map.of(place, before)).all());
            case "offsets":
                return NODES.arrayNode()
                    .add(reader.beginningOffsets(List.of(place)).get(place))
                    .add(reader.endOffsets(List.of(place)).get(place));
            case "offset_for_time":
                var found = reader.offsetsForTimes(Map.of(place, job.get("timestamp").asLong())).get(place);
                return NODES.numberNode(found == null ? -1 : found.offset());
            default:
                throw new UnsupportedOperationException("the client has no call for it");
        }
    }

    private static JsonNode done(Future<?> future) throws Exception {
        future.get();
        return NODES.nullNode();
    }

    private static List<TopicPartition> places(JsonNode job) {
        String topic = job.get("topic").asText();
        return IntStream.range(0, job.get("partitions").asInt()).mapToObj(n -> new TopicPartition(topic, n)).toList();
    }

    private KafkaProducer<byte[], byte[]> producer(JsonNode job) {
        String codec = job.get("codec").asText();
        String acks = job.get("acks").asText();
        boolean idempotent = job.get("idempotent").asBoolean();
        return producers.computeIfAbsent(codec + " " + acks + " " + idempotent, kind -> new KafkaProducer<>(Map.of(
            "bootstrap.servers", bootstrap,
            "compression.type", codec,
            "acks", acks,
            "enable.idempotence", idempotent,
            "max.request.size", 1_040_000,
            "linger.ms", 20
        ), new ByteArraySerializer(), new ByteArraySerializer()));
    }

    private void produce(JsonNode job) throws Exception {
        KafkaProducer<byte[], byte[]> producer = producer(job);
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (JsonNode from : job.get("records")) {
            Long timestamp = from.get("timestamp").isNull() ? null : from.get("timestamp").asLong();
            ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(job.get("topic").asText(),
                from.get("partition").asInt(), timestamp, bytes(from.get("key")), bytes(from.get("value")));
            for (JsonNode header : from.get("headers")) {
                record.headers().add(header.get(0).asText(), bytes(header.get(1)));
            }
            sent.add(producer.send(record));
        }
        producer.flush();
        for (Future<RecordMetadata> one : sent) {
            one.get();
        }
    }

    private static byte[] bytes(JsonNode base64) throws Exception {
        return base64.isNull() ? null : base64.binaryValue();
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        return new KafkaConsumer<>(Map.of("bootstrap.servers", bootstrap, "enable.auto.commit", false,
            "check.crcs", true), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private ArrayNode consume(List<TopicPartition> places) {
        var begins = reader.beginningOffsets(places);
        var ends = reader.endOffsets(places);
        return tail(places, places.stream().mapToLong(place -> ends.get(place) - begins.get(place)).sum());
    }

    private ArrayNode tail(List<TopicPartition> places, long count) {
        ArrayNode lines = NODES.arrayNode();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            consumer.assign(places);
            consumer.seekToBeginning(places);
            while (lines.size() < count) {
                var polled = consumer.poll(PATIENCE);
                if (polled.isEmpty()) {
                    throw new IllegalStateException("nothing more came after " + lines.size() + " of " + count);
                }
                polled.forEach(record -> lines.add(line(record)));
            }
        }
        return lines;
    }

    private static ObjectNode line(ConsumerRecord<byte[], byte[]> record) {
        ObjectNode line = NODES.objectNode()
            .put("partition", record.partition())
            .put("offset", record.offset())
            .put("timestamp", record.timestamp())
            .put("append_time", record.timestampType() == TimestampType.LOG_APPEND_TIME)
            .put("key", record.key())
            .put("value", record.value());
        ArrayNode headers = line.putArray("headers");
        record.headers().forEach(header -> headers.addArray().add(header.key()).add(header.value()));
        return line;
    }
}
