"""JSON <-> records: only what we read, each item on its own, unknown words kept as they came."""
