"""Laws and rules as somebody outside may ask them: one case in, one answer out, in the real system's words."""
