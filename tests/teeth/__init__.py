"""Bugs on purpose, each a patch: a suite that cannot find them proves nothing."""
