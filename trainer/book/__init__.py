"""Chapters 2 to 4 of the book, Deep Learning from Scratch, as pure functions."""
