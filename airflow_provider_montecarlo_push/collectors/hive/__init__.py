"""Hive: its metastore, HiveServer2, and the log files of HiveServer2."""
