"""Scripts that other planners' environments run: they import nothing of ours."""
