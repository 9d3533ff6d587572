"""Checks a two-layer network that somebody else wrote (scripts/check.py).

In the order of use: source, standins, loading; names, weights, adapters, subject; cases,
reference, comparing; explaining, judging, choosing; bench, examining; checking; child, process;
report.
"""
