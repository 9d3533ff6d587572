"""Time and memory of both nets, beside the book's code, other libraries and matrix products."""
