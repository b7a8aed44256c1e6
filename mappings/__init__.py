"""The dictionary: HubSpot's words and ours, purposes, address rules. Pure; no I/O."""
