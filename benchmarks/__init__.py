"""Benchmarks of civicite: quality, speed, and the same questions put to other search programs.

One command runs them: ``python -m benchmarks FOLDER…``. civicite is measured as its users have it, by the
command line, over HTTP and through ``Assistant``; nothing here reaches into the index.
"""
