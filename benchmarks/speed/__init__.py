"""How fast and how small: encoding, start-up, one question, serving, indexing, imports; a file each.

Timings of programs that are compared are taken in turns in one run, so that whatever else the machine does
falls on all of them.
"""
