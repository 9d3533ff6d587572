"""The data sets: their files, their images as arrays, and the mini-batches."""
