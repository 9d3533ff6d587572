"""Checks the functions and layers of a file by themselves.

operations, losses, layer_pairs, relative: the right results, and those that known mistakes give.
expected: which of them a function must give, by its name. checking: one function or layer.
file_parts: all of a file. amending: what a finding means in a shape.
"""
