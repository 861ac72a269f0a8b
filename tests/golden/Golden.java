// Fills an Apache Kafka with the records of the golden directories and writes down what its own clients read back.
//
//   java -cp "$KAFKA_HOME/libs/*" Golden.java BOOTSTRAP PHASE [OUT]
//
// make.sh runs the phases with a restart of the broker between them.

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.zip.CRC32C;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.*;

public class Golden {
    static final String[] CODECS = {"none", "gzip", "snappy", "lz4", "zstd"};
    // One minute after the epoch of 2024-01-01: fixed, so that a new set differs in as little as it can.
    static final long T0 = 1_704_067_260_000L;
    // Long past T0 + retention, so nothing may expire.
    static final Map<String, String> BASE = Map.of("retention.ms", "-1", "segment.index.bytes", "4096",
        "file.delete.delay.ms", "100", "min.insync.replicas", "1");

    static String bootstrap;

    public static void main(String[] args) throws Exception {
        bootstrap = args[0];
        switch (args[1]) {
            case "first" -> first();
            case "second" -> epochs("second", 5);
            case "third" -> third();
            case "unclean" -> unclean();
            case "expect" -> expect(Path.of(args[2]), args[3].split(","));
            default -> throw new IllegalArgumentException(args[1]);
        }
    }

    static void first() throws Exception {
        for (String codec : CODECS) {
            create("shapes-" + codec, Map.of());
            shapes(codec);
        }
        create("segments", Map.of("internal.segment.bytes", "2048", "index.interval.bytes", "256"));
        segments();
        create("times", Map.of("internal.segment.bytes", "1024", "index.interval.bytes", "128"));
        times();
        create("deleted", Map.of("internal.segment.bytes", "1024", "index.interval.bytes", "128"));
        deleted();
        create("append-time", Map.of("message.timestamp.type", "LogAppendTime"));
        appendTime();
        create("producers", Map.of());
        producers();
        create("transactions", Map.of());
        transactions();
        create("epochs", Map.of());
        epochs("first", 4);
    }

    static void third() throws Exception {
        epochs("third", 3);
        create("empty", Map.of());
        try (Admin admin = admin()) {
            admin.deleteRecords(Map.of(partition("deleted"), RecordsToDelete.beforeOffset(37))).all().get();
        }
    }

    static void unclean() throws Exception {
        create("unclean", Map.of("internal.segment.bytes", "2048", "index.interval.bytes", "256"));
        for (String codec : CODECS) {
            try (var producer = producer(Map.of("compression.type", codec, "batch.size", "400"))) {
                for (int i = 0; i < 30; i++) send(producer, "unclean", T0 + i, "k" + i, codec + " " + "v".repeat(i), List.of());
            }
        }
    }

    /** Every shape of record, in a batch of many, and one large record alone. */
    static void shapes(String codec) throws Exception {
        String topic = "shapes-" + codec;
        try (var producer = producer(Map.of("compression.type", codec, "linger.ms", "200"))) {
            for (int i = 0; i < 20; i++) send(producer, topic, T0 + i, "key " + i, ("value " + i + " ").repeat(8), List.of());
            send(producer, topic, T0 + 20, null, "no key", List.of());
            send(producer, topic, T0 + 21, "no value", null, List.of());
            send(producer, topic, T0 + 22, null, null, List.of());
            send(producer, topic, T0 + 23, "", "", List.of());
            List<Header> headers = List.of(header("a", "1"), header("a", "2"), header("", "empty name"),
                header("null", null), header("empty", ""), header("\u00e4\u20ac", "\u0000\u0001"));
            send(producer, topic, T0 + 24, "headers", "with headers", headers);
            producer.flush();
            send(producer, topic, T0 + 25, "large", large(100_000), List.of());
        }
        try (var producer = producer(Map.of("compression.type", codec, "enable.idempotence", "false", "acks", "1"))) {
            send(producer, topic, T0 + 26, "plain", "of a producer without an id", List.of());
        }
    }

    static void segments() throws Exception {
        try (var producer = producer(Map.of("compression.type", "none"))) {
            for (int i = 0; i < 120; i++) {
                send(producer, "segments", T0 + 1000L * i, "k" + i, "v".repeat(i % 50), List.of());
                producer.flush();
            }
        }
    }

    /** Timestamps out of order, equal, and far ahead, in batches of several records and every codec. */
    static void times() throws Exception {
        Random random = new Random(7);
        for (int round = 0; round < 20; round++) {
            try (var producer = producer(Map.of("compression.type", CODECS[round % 5], "linger.ms", "200"))) {
                for (int i = 0; i < 6; i++) {
                    long timestamp = T0 + random.nextInt(100) * 1000L;
                    send(producer, "times", timestamp, null, "at " + timestamp, List.of());
                }
            }
        }
    }

    static void deleted() throws Exception {
        try (var producer = producer(Map.of("compression.type", "none", "batch.size", "300", "linger.ms", "50"))) {
            for (int i = 0; i < 80; i++) send(producer, "deleted", T0 + i, "k" + i, "value " + i, List.of());
        }
    }

    static void appendTime() throws Exception {
        for (String codec : CODECS) {
            try (var producer = producer(Map.of("compression.type", codec, "linger.ms", "200"))) {
                for (int i = 0; i < 5; i++) send(producer, "append-time", T0 + i, codec, "v" + i, List.of());
            }
        }
    }

    /** Producers that each have more batches than the window of five, or fewer. */
    static void producers() throws Exception {
        for (int n = 1; n <= 8; n++) {
            try (var producer = producer(Map.of("compression.type", "none"))) {
                for (int i = 0; i < n; i++) {
                    send(producer, "producers", T0 + i, "p" + n, "v" + i, List.of());
                    producer.flush();
                }
            }
        }
    }

    static void transactions() throws Exception {
        String topic = "transactions";
        try (var a = transactional("a"); var b = transactional("b")) {
            for (int round = 0; round < 6; round++) {
                a.beginTransaction();
                send(a, topic, T0 + round, "a" + round, round % 2 == 0 ? "committed" : "aborted", List.of());
                if (round == 3) {
                    b.beginTransaction();
                    send(b, topic, T0 + round, "b", "committed while a aborts", List.of());
                }
                a.flush();
                if (round % 2 == 0) a.commitTransaction(); else a.abortTransaction();
                if (round == 4) b.commitTransaction();
            }
            try (var plain = producer(Map.of())) {
                send(plain, topic, T0 + 10, "plain", "of no transaction", List.of());
            }
            // Left open: the snapshot says where it began. Not closed in order, which would abort it.
            var open = transactional("open");
            open.beginTransaction();
            send(open, topic, T0 + 11, "open", "never committed", List.of());
            open.flush();
        }
        // The thread of the open producer must not keep this program.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(0)));
    }

    static void epochs(String phase, int records) throws Exception {
        // Kafka forgets a producer at a restart when its last timestamp lies more than a day back.
        long now = System.currentTimeMillis();
        try (var producer = producer(Map.of())) {
            for (int i = 0; i < records; i++) send(producer, "epochs", now + i, phase, "v" + i, List.of());
        }
        if (phase.equals("first")) System.exit(0);
    }

    // --- what Kafka's clients read

    static void expect(Path out, String[] topics) throws Exception {
        StringJoiner all = new StringJoiner(",\n", "{\n", "\n}\n");
        for (String topic : topics) all.add(quoted(topic) + ": " + expected(topic));
        Files.writeString(out, all.toString());
        Runtime.getRuntime().halt(0);
    }

    static String expected(String topic) throws Exception {
        StringJoiner records = new StringJoiner(",\n    ", "[\n    ", "\n  ]");
        TreeSet<Long> times = new TreeSet<>();
        for (var record : consumed(topic, "read_uncommitted")) {
            records.add(line(record));
            times.add(record.timestamp());
        }
        StringJoiner committed = new StringJoiner(", ", "[", "]");
        for (var record : consumed(topic, "read_committed")) committed.add(Long.toString(record.offset()));
        StringJoiner lookups = new StringJoiner(", ", "[", "]");
        for (long time : probes(times)) {
            var found = offset(topic, OffsetSpec.forTimestamp(time));
            lookups.add("[" + time + ", " + found.offset() + ", " + found.timestamp() + "]");
        }
        var max = offset(topic, OffsetSpec.maxTimestamp());
        return "{\n  \"earliest\": " + offset(topic, OffsetSpec.earliest()).offset()
            + ",\n  \"latest\": " + offset(topic, OffsetSpec.latest()).offset()
            + ",\n  \"max_timestamp\": [" + max.offset() + ", " + max.timestamp() + "]"
            + ",\n  \"by_time\": " + lookups + ",\n  \"committed\": " + committed + ",\n  \"records\": " + records + "\n}";
    }

    /** Before, at and after each timestamp, but not hundreds. */
    static SortedSet<Long> probes(TreeSet<Long> times) {
        TreeSet<Long> probes = new TreeSet<>(List.of(0L, T0, Long.MAX_VALUE));
        int step = Math.max(1, times.size() / 30), n = 0;
        for (long time : times) if (n++ % step == 0) probes.addAll(List.of(time - 1, time, time + 1));
        return probes;
    }

    static List<ConsumerRecord<byte[], byte[]>> consumed(String topic, String isolation) {
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap, "isolation.level", isolation,
            "auto.offset.reset", "earliest", "enable.auto.commit", "false");
        try (var consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            TopicPartition partition = partition(topic);
            consumer.assign(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            consumer.seekToBeginning(List.of(partition));
            List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
            while (consumer.position(partition) < end) {
                consumer.poll(Duration.ofMillis(200)).records(partition).forEach(records::add);
            }
            return records;
        }
    }

    static String line(ConsumerRecord<byte[], byte[]> record) {
        StringJoiner headers = new StringJoiner(", ", "[", "]");
        for (Header header : record.headers()) {
            headers.add("[" + quoted(header.key()) + ", " + digest(header.value()) + "]");
        }
        return "{\"offset\": " + record.offset() + ", \"timestamp\": " + record.timestamp() + ", \"key\": "
            + digest(record.key()) + ", \"value\": " + digest(record.value()) + ", \"headers\": " + headers + "}";
    }

    /** Length and CRC-32C. */
    static String digest(byte[] bytes) {
        if (bytes == null) return "null";
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return "[" + bytes.length + ", " + crc.getValue() + "]";
    }

    static ListOffsetsResult.ListOffsetsResultInfo offset(String topic, OffsetSpec spec) throws Exception {
        try (Admin admin = admin()) {
            return admin.listOffsets(Map.of(partition(topic), spec)).partitionResult(partition(topic)).get();
        }
    }

    // --- clients

    static void create(String topic, Map<String, String> more) throws Exception {
        Map<String, String> config = new HashMap<>(BASE);
        config.putAll(more);
        try (Admin admin = admin()) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1).configs(config))).all().get();
        }
    }

    static Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", bootstrap));
    }

    static KafkaProducer<byte[], byte[]> producer(Map<String, String> more) {
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "enable.idempotence", "true",
            "max.request.size", "2000000"));
        config.putAll(more);
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    static KafkaProducer<byte[], byte[]> transactional(String id) {
        var producer = producer(Map.of("transactional.id", id, "transaction.timeout.ms", "900000"));
        producer.initTransactions();
        return producer;
    }

    static void send(KafkaProducer<byte[], byte[]> producer, String topic, long timestamp, String key, String value,
                     List<Header> headers) {
        producer.send(new ProducerRecord<>(topic, 0, timestamp, bytes(key), bytes(value), headers), (metadata, error) -> {
            if (error != null) {
                error.printStackTrace();
                Runtime.getRuntime().halt(1);
            }
        });
    }

    static String large(int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; text.length() < length; i++) text.append("line ").append(i % 97).append(" of a large value\n");
        return text.substring(0, length);
    }

    static TopicPartition partition(String topic) {
        return new TopicPartition(topic, 0);
    }

    static Header header(String name, String value) {
        return new RecordHeader(name, bytes(value));
    }

    static byte[] bytes(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) out.append(c < 128 ? Character.toString(c) : String.format("\\u%04x", (int) c));
        return out.append('"').toString();
    }
}
