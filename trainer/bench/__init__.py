"""Compare time and memory of both nets with those of the book's code and other libraries.

A contestant is an implementation that is measured. The floor is the least work that any
implementation must do, such as the matrix products of a step.
"""
