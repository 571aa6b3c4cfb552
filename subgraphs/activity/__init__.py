"""The activity subgraph: what customers did and what was done about them, as events that never change.

It owns card purchases, bureau queries and movements, answers the latest of each for a whole batch of
customers at once, and is written by the router alone.
"""
