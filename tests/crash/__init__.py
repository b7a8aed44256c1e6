"""The end of the process at every moment, of the machine at every write."""
