"""The guesses of a trained net for your own images, and its score on a test set."""
