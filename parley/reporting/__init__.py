"""`parley report`: which page is made of the folders that are named, and the pages of several runs, sweeps and maps."""
