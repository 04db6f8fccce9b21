"""The whole system on a laptop: `dev` runs it until Ctrl-C, `demo` plays candidates through it."""
