"""Who bargains: members and classes that bid, auctioneers that clear, planners and the rules they are compared with."""
