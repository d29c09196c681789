"""Who controls best, judged honestly: worlds that nobody was trained on, the same episodes for all, an interval for every claim."""
