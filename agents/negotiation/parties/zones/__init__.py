"""Traffic across zones: who takes what is too much for one."""
