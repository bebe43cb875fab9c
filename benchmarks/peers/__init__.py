"""Other search programs over the same texts and the same model, run in an environment of their own.

Each is a script with the two verbs of ``engine.py``; what they print is valued by the same code as civicite.
They run in ``.venv-peers``, where civicite is not installed: only the standard library, ``benchmarks.memory``
and the peer itself may be imported by them.
"""
