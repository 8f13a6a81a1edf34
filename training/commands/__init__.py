"""The commands of stream-train, one module each."""
