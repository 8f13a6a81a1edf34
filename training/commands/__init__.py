"""The commands of stream-train, one module for those that belong together."""
