"""The pure part: records in, results and dead letters out; no I/O, no clock, no state."""
