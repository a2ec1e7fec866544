"""What units are scored for: the labels of the codebook and the targets of stance."""
