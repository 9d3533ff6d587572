"""Recognises code that is no class with the book's methods, and checks its functions.

shape: what a shape is. registry: the list of shapes; a new shape is one file and one line there.
adapting: the shapes are applied to a loaded file. draws, operations, losses: inputs of single
functions, the right results, and those that known mistakes give. parts: one
function or layer is checked by itself. unfinished: templates that were not filled in. The other
files are one shape each, and layer_pairs, plan and binding, which several of them use.
"""
