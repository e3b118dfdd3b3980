"""A page of candidates: one HTML file that a browser opens from disk."""
