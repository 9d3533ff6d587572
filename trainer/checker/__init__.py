"""Checks a two-layer network that somebody else wrote (scripts/check.py).

In the order of use: a file becomes a module (source, standins, loading) and its net a subject
(names, weights, adapters, subject); what it computes is held against the right net's (cases,
reference, comparing, attempts), a difference explained (explaining, descriptions,
judging), on a bench for both (bench, choosing), quantity by quantity (functions_check, accuracy,
numerical, edges, penalty, training, examining); checking puts that together, in a process of its
own (child, process); report.
"""
