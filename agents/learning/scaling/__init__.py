"""Joint scaling: a row for each service that a rule scales, which says by how much more or less than the rule."""
