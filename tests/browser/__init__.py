"""The product in a real Chromium, as people use it."""
