"""API v1. A view reads: who asks, what for, one call of a service, the answer."""
