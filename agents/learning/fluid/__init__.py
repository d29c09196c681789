"""Meshes as fluids: rates, backlogs and formulas for waiting in place of requests, for many meshes at once."""
