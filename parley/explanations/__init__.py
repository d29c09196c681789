"""Why a request was slow, and what began it."""
