"""The room of the Kafka clients."""
