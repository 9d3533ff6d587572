"""Judges a net whose code runs in another process, which is asked for numbers and nothing else.

worker, answering: the process of somebody's code; it holds the loader and the adapters, and no
expected value. protocol: requests and answers, which are data. connection: the judge's side of the
pipes, with limits. calling, net, judge: objects that stand for functions, the class and its
instances, and the checks. library, cell, ending, bubblewrap, limits, supervisor: what the worker's
process sees, and its end.
"""
