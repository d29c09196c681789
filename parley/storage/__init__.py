"""What lies on the disk: folders of runs and experiments, columnar tables, journals, and stores of cells."""
