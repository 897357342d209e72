"""What HiveServer2 writes into its log files: queries and lineage."""
