"""Trains somebody's net on real images, and finds which change makes it learn."""
