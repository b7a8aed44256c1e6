"""Our database: everything that the mirror knows. SQL stays in this room (design 3)."""
