"""Clients that are not ours, and ours, against real servers."""
