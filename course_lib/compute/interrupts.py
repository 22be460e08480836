"""An interrupt that waits until a computation is whole."""

import contextlib
import signal
import threading


@contextlib.contextmanager
def undisturbed():
    """Hold Kernel > Interrupt back while a block runs, and let it through right after.

    Notes
    -----
    An interrupt in the midst of a compilation comes out of TensorFlow's C++ code as a SystemError,
    or not at all; one in the midst of a step leaves some variables old and others new. Elsewhere
    than in the main thread, which alone hears of interrupts, the block just runs.
    """
    usual = signal.getsignal(signal.SIGINT)
    if not callable(usual) or threading.current_thread() is not threading.main_thread():
        yield
        return
    came = []
    signal.signal(signal.SIGINT, lambda *event: came.append(event))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if came:
        usual(*came[0])
