"""The sections of a report, one a file: each takes the facts of a run, or of several, and gives a Section."""
