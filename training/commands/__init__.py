"""The commands of stream-train: thin, a module for each."""
