import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Kafka's own kafka-clients as a member of a group: `Member JSON`. See ../README.md. */
public final class Member implements ConsumerRebalanceListener {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, String> ASSIGNORS = Map.of(
        "range", "org.apache.kafka.clients.consumer.RangeAssignor",
        "roundrobin", "org.apache.kafka.clients.consumer.RoundRobinAssignor",
        "sticky", "org.apache.kafka.clients.consumer.StickyAssignor",
        "cooperative-sticky", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor");
    private static final PrintStream OUT = System.out;

    private final JsonNode asked;
    private final KafkaConsumer<String, String> consumer;
    private final Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();

    private Member(JsonNode asked) {
        this.asked = asked;
        consumer = new KafkaConsumer<>(config(asked), new StringDeserializer(), new StringDeserializer());
    }

    public static void main(String[] args) throws Exception {
        // Whatever else prints does it on stderr.
        System.setOut(System.err);
        new Member(JSON.readTree(args[0])).follow(words());
        say(event("closed"));
        Runtime.getRuntime().halt(0);
    }

    /** The lines of stdin, with "close" at its end. */
    private static LinkedBlockingQueue<String> words() {
        LinkedBlockingQueue<String> given = new LinkedBlockingQueue<>();
        Thread reader = new Thread(() -> {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            try {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    given.add(line);
                }
            } catch (IOException closed) {
                // As its end.
            }
            given.add("close");
        });
        reader.setDaemon(true);
        reader.start();
        return given;
    }

    private static Map<String, Object> config(JsonNode asked) {
        Map<String, Object> config = new HashMap<>(Map.of(
            "bootstrap.servers", asked.get("bootstrap").asText(),
            "group.id", asked.get("group").asText(),
            "group.protocol", asked.get("protocol").asText(),
            "enable.auto.commit", false,
            "auto.offset.reset", "earliest",
            "max.poll.records", asked.get("max_records").asInt()));
        if (!asked.get("instance").asText().isEmpty()) {
            config.put("group.instance.id", asked.get("instance").asText());
        }
        String assignor = asked.get("assignor").asText();
        if (asked.get("protocol").asText().equals("consumer")) {
            config.put("group.remote.assignor", assignor);
        } else {
            config.put("partition.assignment.strategy", ASSIGNORS.get(assignor));
            config.put("session.timeout.ms", asked.get("session_ms").asInt());
            config.put("heartbeat.interval.ms", asked.get("session_ms").asInt() / 10);
        }
        return config;
    }

    private void follow(LinkedBlockingQueue<String> given) throws Exception {
        List<String> topics = new ArrayList<>();
        asked.get("topics").forEach(topic -> topics.add(topic.asText()));
        consumer.subscribe(topics, this);
        for (String word = given.poll(); !"close".equals(word); word = given.poll()) {
            if (word != null) {
                commit();
            }
            var polled = consumer.poll(Duration.ofMillis(100));
            for (ConsumerRecord<String, String> record : polled) {
                say(event("record").put("topic", record.topic()).put("partition", record.partition())
                    .put("offset", record.offset()).put("value", record.value()));
                next.put(new TopicPartition(record.topic(), record.partition()),
                    new OffsetAndMetadata(record.offset() + 1));
            }
            if (!polled.isEmpty()) {
                Thread.sleep(asked.get("slow_ms").asLong());
            }
            // Also without records: what was refused in a rebalance is committed after it.
            if (asked.get("commit").asText().equals("each") && !next.isEmpty()) {
                commit();
            }
        }
        consumer.close();
    }

    private void commit() {
        Map<TopicPartition, OffsetAndMetadata> taken = new HashMap<>(next);
        next.clear();
        long began = System.nanoTime();
        try {
            if (!taken.isEmpty()) {
                consumer.commitSync(taken);
            }
            ObjectNode said = event("committed").put("began", began);
            ArrayNode offsets = said.putArray("offsets");
            taken.forEach((place, offset) ->
                offsets.addArray().add(place.topic()).add(place.partition()).add(offset.offset()));
            say(said);
        } catch (KafkaException error) {
            // What is no longer this member's goes with the next poll.
            taken.forEach(next::putIfAbsent);
            say(event("refused").put("message", error.toString()));
        }
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        var group = consumer.groupMetadata();
        say(places("assigned", partitions).put("generation", group.generationId()).put("member", group.memberId()));
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        next.keySet().removeAll(partitions);
        say(places("revoked", partitions));
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
        next.keySet().removeAll(partitions);
        say(places("lost", partitions));
    }

    private static ObjectNode places(String name, Collection<TopicPartition> partitions) {
        ObjectNode said = event(name);
        ArrayNode places = said.putArray("partitions");
        partitions.forEach(place -> places.addArray().add(place.topic()).add(place.partition()));
        return said;
    }

    private static ObjectNode event(String name) {
        return JSON.createObjectNode().put("event", name).put("at", System.nanoTime())
            .put("wall", System.currentTimeMillis());
    }

    private static synchronized void say(ObjectNode event) {
        byte[] line = (event + "\n").getBytes(StandardCharsets.UTF_8);
        OUT.write(line, 0, line.length);
        OUT.flush();
    }
}
