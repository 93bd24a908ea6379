"""Documents that are made from the code's own types: `python -m tools.docs` writes them, `--check` compares."""
