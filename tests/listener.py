"""A server on the loopback interface, with a thread for each connection."""

import socket
import threading
from abc import ABC, abstractmethod
from contextlib import suppress


class Listener(ABC):
    """Listens as soon as it is made: whoever has fields of its own sets them first."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Ends every conversation."""
        for connection in [self._listener, *self._connections]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    @abstractmethod
    def _serve(self, connection: socket.socket) -> None:
        """A whole conversation, in a thread of its own."""
