"""Imported by the process from which `stub_score` forks: its children do not load the language model again."""

from slant.segment.language import language_of

language_of("The ferry sails.")
