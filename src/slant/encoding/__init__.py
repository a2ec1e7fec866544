"""Between words and tensors: texts with targets to token windows, and logits back to character spans. No torch here."""
