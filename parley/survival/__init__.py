"""Who survives what: from which kicks, at which loads, a mesh comes back under each controller, and how large a share of them that is."""
