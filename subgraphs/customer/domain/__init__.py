"""Pure rules of the customer: no I/O, no clock, no database."""
