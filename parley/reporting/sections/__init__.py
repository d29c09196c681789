"""The sections about several runs, sweeps and maps, one a file."""
