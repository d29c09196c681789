"""Policies that go on learning while they serve, held against the same policy as it was, the rule, and a rule that is told the truth."""
