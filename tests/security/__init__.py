"""What hostile clients try, and what they get: one check a line of the table in SECURITY.md, with its control."""
