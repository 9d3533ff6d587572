"""The pictures of chapters 2 to 4, drawn from the project's own functions."""
