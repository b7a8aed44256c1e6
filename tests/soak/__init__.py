"""Hours at full rate: nothing may grow."""
