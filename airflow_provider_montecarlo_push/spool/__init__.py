"""What tasks did, kept on the manifest root until a task of its own pushes it."""
