"""What is live: transport, fan-out, the order of events across workers, presence. Knows no domain and no database."""
