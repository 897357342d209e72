"""How far tables are from having trained detectors, told from the manifests and receipts that are kept."""
