"""Recognises code that is no class with the book's methods, and checks its functions.

shape: what a shape is. registry: the list of shapes; a new shape is one file and one line there.
adapting: loads a file and applies the shapes to it. These and the shapes run beside somebody's
code. draws, operations, losses, layer_pairs, relative, expected: inputs of single functions, the
right results, and those that known mistakes give, by the function's name. parts: one function or
layer is checked by itself. amending: what a finding means in a shape. unfinished: templates that
were not filled in. The other files are one shape each, and plan and binding, which several use.
"""
