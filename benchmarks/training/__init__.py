"""Learns ``service/ranker.json`` from public question sets, offline, with stated splits."""
