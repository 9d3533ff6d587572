"""Judges a net whose code runs in another process, which is asked for numbers and nothing else.

connection: the judge's side of the pipes, with limits. calling, net, judge: objects that stand for
functions, the class and its instances, and the checks. library, cell, ending, bubblewrap,
supervisor: what the worker's process sees, and its end.
"""
