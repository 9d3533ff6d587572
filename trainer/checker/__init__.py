"""Checks a two-layer network that somebody else wrote (scripts/check.py).

source, standins, loading: a file becomes a module. names, building, weights, subject,
constructing: its class becomes a subject with the methods of the book. cases, attempts, trial:
they are called on chosen inputs. reference, comparing, choosing: the results are compared with
the expected numbers. explaining, descriptions, judging: a difference is explained by a mistake.
check_net, one_column, helpers, check_file: all checks are run, by child and process in a process
of their own. recording, quantities, locating, edits, repairing, diagnosing: the wrong line and a
fix are looked for. report: the findings are shown.
"""
