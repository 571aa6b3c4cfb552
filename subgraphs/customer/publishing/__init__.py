"""From the outbox to the queues: what the relay is made of."""
