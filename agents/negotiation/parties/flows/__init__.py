"""Flow from end to end: classes of requests that bid or are planned for, and the pods that follow."""
