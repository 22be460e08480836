"""Vision before deep networks: Haar features, boosting, the face detector, line art (part 01).

Import the module that you need, for example ``from course_lib.classic import haar``.
"""

import os

# Numba's threads wait for each other by spinning, which on a busy machine costs more than the work
# itself; read when its first parallel loop starts.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
