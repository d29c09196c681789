"""The same laws compiled: flat record arrays, an event agenda, endpoint programs that are interpreted."""
