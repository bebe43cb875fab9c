"""A collection seen as a whole: its map, its groups, its silence, its copies. For notebooks.

Nothing that answers a question imports it; scikit-learn and UMAP come with the ``explore`` and ``umap``
extras and are loaded when they are used.
"""
