"""Finds one step of training in any code, and runs it on copies of all that it reads."""
