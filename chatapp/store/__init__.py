"""The database: the writer that commits, the reads that the loop needs, and the schema."""
