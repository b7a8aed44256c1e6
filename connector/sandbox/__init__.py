"""A HubSpot portal on loopback that answers as HubSpot does: for demo, tests, benchmarks, simulation."""

from connector.sandbox.options import Options, Tier
from connector.sandbox.server import Running, Sandbox, run

__all__ = ["Options", "Running", "Sandbox", "Tier", "run"]
