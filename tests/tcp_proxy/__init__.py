"""Faults of the connection itself, on real sockets."""
