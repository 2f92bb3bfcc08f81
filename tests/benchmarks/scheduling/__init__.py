"""Plans beside the best known and beside other planners: one module a class of instances."""
