"""Judges one step of training by the net's own mathematics, whatever its form and depth."""
