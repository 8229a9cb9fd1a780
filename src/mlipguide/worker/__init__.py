"""What runs inside a backend's environment: evaluate a model, time its steps, and say so over a pipe.

This package is copied alone into a private folder and started there as ``mlipguide_worker`` by the
interpreter of a backend's environment. It therefore imports nothing of mlipguide, only the standard library
at import, and speaks JSON. The protocol's version is checked at the handshake.
"""

PROTOCOL = 1
"""Version of the messages; it changes whenever a message's meaning does."""
