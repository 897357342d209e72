"""What is asked of Monte Carlo over GraphQL: documents, and conversations made of them, without any I/O."""
