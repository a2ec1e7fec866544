"""slant: stance, loaded language and frames in news articles and reader comments."""

__version__ = "0.1.0"
