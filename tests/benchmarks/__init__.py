"""Measurements beside peers: `python -m tests.benchmarks.NAME --json FILE` prints a table and writes rows."""
