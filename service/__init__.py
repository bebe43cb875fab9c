"""civicite's service: questions in, verified quotations out; from Python, the command line and HTTP.

Start at ``service.assistant``. It uses of ``indexer`` only what that exports.
"""
