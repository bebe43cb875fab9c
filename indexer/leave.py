"""Leave to edit: whoever gave it may take it back until the edit begins to commit, and not afterwards.

So an edit is either made and told, or refused with nothing changed, whoever decides and in whichever thread.
Knows nothing of why it is taken back.
"""

import threading


class Leave:
    """Leave to make one edit; it is given when this is made."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refusal: Exception | None = None
        self._used = False

    def check(self) -> None:
        """Raise what the leave was taken back with; an edit calls this between its steps."""
        if self._refusal is not None:
            raise self._refusal

    def use(self) -> None:
        """Begin to commit: from now on the leave cannot be taken back. Raises as :meth:`check` does."""
        with self._lock:
            self.check()
            self._used = True

    def take_back(self, refusal: Exception) -> bool:
        """End the edit with this error at its next step; returns False for one that begins to commit."""
        with self._lock:
            if self._used or self._refusal is not None:
                return False
            self._refusal = refusal
            return True
