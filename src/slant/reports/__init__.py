"""HTML pages and tables for people: `slant report` and `slant compare`."""
