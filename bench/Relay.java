// The ceiling: Apache Kafka's own client, on the JVM, with no work. For each review one output of a result's size.
//
// A single source file, run by `java -cp JARS bench/Relay.java --bootstrap-servers=… --input-topic=…
// --result-topic=… --group-id=… --result-bytes=…`.
// What was polled is committed when the broker holds its outputs.

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Relay {
    public static void main(String[] args) throws InterruptedException {
        Map<String, String> options = new HashMap<>();
        for (String arg : args) {
            String[] parts = arg.split("=", 2);
            options.put(parts[0], parts[1]);
        }
        String servers = options.get("--bootstrap-servers"), group = options.get("--group-id");
        String results = options.get("--result-topic");
        byte[] value = new byte[Integer.parseInt(options.get("--result-bytes"))];
        AtomicBoolean stopped = new AtomicBoolean();
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stopped.set(true);
            try {
                main.join();
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        }));
        try (var consumer = consumer(servers, group); var producer = producer(servers)) {
            consumer.subscribe(List.of(options.get("--input-topic")));
            while (!stopped.get()) {
                relay(consumer, producer, results, value);
            }
        }
    }

    private static void relay(
            KafkaConsumer<byte[], byte[]> consumer, KafkaProducer<byte[], byte[]> producer, String results, byte[] value) {
        var refused = new AtomicReference<Exception>();
        Map<TopicPartition, OffsetAndMetadata> done = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
            producer.send(
                    new ProducerRecord<>(results, record.partition(), record.key(), value),
                    (metadata, error) -> { if (error != null) refused.set(error); });
            done.put(new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
        }
        producer.flush();
        if (refused.get() != null) {
            throw new IllegalStateException("the broker refused an output", refused.get());
        }
        if (!done.isEmpty()) {
            consumer.commitAsync(done, null);
        }
    }

    private static KafkaConsumer<byte[], byte[]> consumer(String servers, String group) {
        return new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers", servers,
                        "group.id", group,
                        "enable.auto.commit", "false",
                        "auto.offset.reset", "earliest",
                        "max.poll.records", "8000"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    private static KafkaProducer<byte[], byte[]> producer(String servers) {
        return new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers", servers,
                        "acks", "all",
                        "enable.idempotence", "true",
                        "linger.ms", "5",
                        "batch.size", "262144",
                        "buffer.memory", "67108864"),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }
}
