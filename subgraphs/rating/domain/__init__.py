"""What rating means, free of databases and of GraphQL: profiles, features, scorecards, ratings."""
