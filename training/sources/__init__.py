"""Where reviews come from: files here or behind fsspec's addresses, databases, Kafka topics."""
