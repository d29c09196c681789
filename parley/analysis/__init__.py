"""What the tables of a run tell: traces, flows, bargains, what happened when."""
