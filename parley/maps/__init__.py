"""An outcome over a plane, and where it crosses a level."""
