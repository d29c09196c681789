"""Circuit breaking ahead of failure: a row for each guarded route, which says how long its callers wait and how much they dare."""
