"""Recognises code that is no class with the book's methods.

shape: what a shape is. registry: the list of shapes; a new shape is one file and one line there.
adapting: loads a file and applies the shapes to it. draws: inputs of single functions. unfinished:
templates that were not filled in. The other files are one shape each, and plan and binding, which
several use.
"""
