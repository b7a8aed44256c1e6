"""The connector: consent (pure), acts, and the rooms at the edge."""
