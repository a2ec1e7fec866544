"""One module a file format: `write(records, path, made)` and, but for CSV, `read(path)`."""
