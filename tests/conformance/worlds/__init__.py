"""The federations of the conformance suite, by topic."""
