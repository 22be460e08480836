"""Never comes back, and heeds no interrupt."""

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)


def attack(*args, **kwargs):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


attack()
