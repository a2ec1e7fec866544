"""A server on this machine: texts in, scores out (`slant serve`). Needs the extra [serve]."""
