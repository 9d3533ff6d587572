"""Finds the wrong line of a training step by the values that its lines should have, and a fix."""
