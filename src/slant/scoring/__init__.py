"""From units to scores, without torch: the shipped model, batches, and the files they are written to."""
