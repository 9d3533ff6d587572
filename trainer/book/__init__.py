"""Chapters 2 to 4 of the book as pure functions."""
