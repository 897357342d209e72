"""Manifest to Monte Carlo: batches, delivery, receipts, the hourly rule."""
