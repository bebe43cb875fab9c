"""civicite's indexer: articles in, an index out that can be searched while it changes.

What ``__init__.pyi`` lists is all that ``service`` and other programs use. Each name is imported when it
is first asked for: answering a question needs neither readers nor the editor. No exported name may be a
module's name, or importing the module would hide it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
