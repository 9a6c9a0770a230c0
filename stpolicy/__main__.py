"""`python -m stpolicy`."""

from stpolicy.cli import main

main()
