"""What can be verified without us: canonical bytes, chain, Merkle root, signed notes, seals and keys."""
