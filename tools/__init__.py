"""What the Makefile calls.

Setting up needs only Python's standard library; lint, frontend and docs run in the virtual environment.
"""
