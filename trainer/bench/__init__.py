"""How long it takes, beside the book's own code, other libraries, and the bare matrix products."""
