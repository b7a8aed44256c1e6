"""What a user, a page or a job can do: one file per act."""
