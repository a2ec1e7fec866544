"""Data sets: one module per public set, the project's own labels, and the tables of all sets (sets.py)."""
