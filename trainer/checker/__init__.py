"""Checks a two-layer network that somebody else wrote (scripts/check.py).

In the order of use: source, standins, loading → adapters → reference, comparing → explaining →
examining, all in a child process (child, process), and report.
"""
