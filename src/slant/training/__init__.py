"""Train and export models. The only room that imports torch and transformers."""
