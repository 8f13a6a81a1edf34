"""The HTTP API and the page to try it: the same core as the stream, behind Flask and waitress."""
