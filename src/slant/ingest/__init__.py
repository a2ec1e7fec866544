"""Read documents of every kind as articles."""
