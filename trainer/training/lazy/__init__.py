"""The exact accuracy over all images, without evaluating all: the proof is in accuracy.py."""
