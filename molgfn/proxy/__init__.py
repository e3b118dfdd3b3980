"""Models of a user's own measurements: table -> measurements -> split -> fitted model."""
