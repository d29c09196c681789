"""One self-contained page: its template and plots, and that of one run. A section is a function from facts to a Section."""
