"""`python -m parley` is the command line."""

from parley.cli import main

if __name__ == "__main__":
    main()
