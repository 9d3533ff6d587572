"""Asks a subject for every quantity, and compares it with autograd and with known mistakes."""
