"""Random kills of every process and server under load, with a checker that knows every mutation."""
