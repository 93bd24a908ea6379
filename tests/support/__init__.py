"""Real servers and clients for tests. Nothing here imports the application."""
