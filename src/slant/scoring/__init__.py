"""Scoring without torch: the shipped model, runs over many documents, and the files they write."""
