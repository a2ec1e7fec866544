"""What is said about a unit: the codebook's labels, the targets, and the public sets that are labelled so."""
