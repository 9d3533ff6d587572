"""Reads a file, a notebook or its helpers, and runs only what defines."""
