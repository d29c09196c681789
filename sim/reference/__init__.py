"""START HERE: the readable engine. One SimPy process per visit, walking the schema's own objects."""
