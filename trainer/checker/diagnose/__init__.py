"""Finds the line that is wrong, and a change with which every check passes."""
