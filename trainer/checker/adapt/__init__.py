"""Turns a class into a subject with the book's methods, whatever its names and shapes."""
