"""What every deployable shares. Knows no GraphQL and no database, and imports none of ours."""
