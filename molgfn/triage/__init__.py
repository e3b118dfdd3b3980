"""From many candidates to a list that is worth looking at: filters, clusters, a selection."""
