"""Monte Carlo's GraphQL API: the real introspection, executed by graphql-core, with resolvers for what we use."""
