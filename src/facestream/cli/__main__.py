"""`python -m facestream.cli`, where the command `facestream` is not on the path."""

from facestream.cli import main

main()
