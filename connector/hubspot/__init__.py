"""The far side: what can be asked of a HubSpot portal (portal.py, feeds.py), over one transport."""
