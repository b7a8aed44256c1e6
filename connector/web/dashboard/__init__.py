"""The dashboard: what the commands show and decide, for the controller's own staff, by the same acts."""
