"""What editing costs: one article into a small and a large index, questions asked meanwhile.

Knows the command line, the HTTP interface and ``Editor``; makes its own articles.
"""
