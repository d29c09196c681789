"""Reports: run folders → one self-contained page. A section is a function from facts to a Section, in a file of its own."""
