"""Requests a second and their times over HTTP, beside txtai's own API, and memory over a long run.

``python -m benchmarks.load FOLDER``; the client is a process of its own, in the standard library alone.
"""
