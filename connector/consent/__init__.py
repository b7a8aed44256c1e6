"""The heart: what events add up to and what to do about HubSpot. Pure: no clock, no I/O, no log."""
