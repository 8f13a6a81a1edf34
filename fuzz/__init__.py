"""Fuzzing of the pure part: any bytes in, and what decoder, splitter, scorer and pipeline promise held."""
