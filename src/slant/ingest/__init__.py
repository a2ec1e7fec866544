"""Documents of every kind in, articles and their units out."""
