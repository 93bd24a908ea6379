"""The domain: rooms, messages, people. No request, no socket, no emit."""
