"""From scores to statements about outlets."""
