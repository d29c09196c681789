"""The sections about one run, one a file: each takes its facts and gives a Section."""
