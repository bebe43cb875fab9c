"""The command that serves an agent on its standard input and output."""

from importlib.util import find_spec

from service.options import IndexOption, settings_with


def mcp(index: IndexOption = None) -> None:
    """Serve the index to an agent (MCP). It speaks on standard input and output."""
    settings = settings_with(index)
    if find_spec("mcp") is None:
        from indexer import InputError

        raise InputError(
            "civicite mcp", "it needs the package mcp", "install it with pip install 'civicite[mcp]'"
        )
    from service.collection import LocalCollection
    from service.mcp_server import create_server

    # The model is loaded once, before the agent is answered.
    with LocalCollection.open(settings=settings) as collection:
        create_server(collection, settings).run("stdio")
