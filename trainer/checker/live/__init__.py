"""Checks the objects of a running session, such as a notebook's kernel."""
