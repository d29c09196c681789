"""Who controls best, judged honestly: families of worlds that nobody was trained on, the same episodes for all, intervals for every claim."""
