"""Texts with targets to windows of tokens, and logits back to labels and character spans. Without torch."""
