"""The outside: commands, the daemon, and a file per job."""
