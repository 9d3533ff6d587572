"""Marks a class: finds the submissions, judges each in a cell of its own, and writes the results.

submissions, unpacking: what students gave. points: how much each part is worth. marking: one
submission. batch: all of them, several at a time, continued after a stop. tables, page, students,
gradescope, junit: what is written.
"""
