"""The whole system on a laptop: `dev` runs it until Ctrl-C, `demo` plays each process through it."""
