"""`python -m jobs`: the same as the command `consent-mirror`."""

from jobs.cli import main

main()
