"""The server: uvicorn's, which ends edits when it is told to end, whether or not a client waits for them.

Edits may take long and can be made later; all else that is under way may finish. Knows nothing of what is
asked, and no connection.
"""

import socket

import uvicorn

END_EDITS = "end_edits"
"""Under this name an application's lifespan hands on what ends its edits when the server is told to end."""


class Server(uvicorn.Server):
    """Serves an application until told to end."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End edits that have not begun to commit, and let what else is under way finish."""
        if (end_edits := self.lifespan.state.get(END_EDITS)) is not None:
            end_edits()
        await super().shutdown(sockets)
