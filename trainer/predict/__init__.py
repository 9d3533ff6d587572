"""A trained net on images of your own, and its score on a test set."""
