"""One module per subject; each registers its resolvers when it is imported (see ``registry``)."""
