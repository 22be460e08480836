"""A figure that is drawn again in the same place while a training runs."""

import io


class Live:
    """Show figures one after another in one place of the page; the last one stays.

    Notes
    -----
    ``plot.show`` displays a figure once; this is for a callback that has a new one every few
    seconds. Used in ``09_1_adversarial_game`` and ``09_2_dcgan``.
    """

    def __init__(self):
        self._place = None

    def show(self, figure, alt):
        """Display a figure in place of the one before it, and close it.

        Parameters
        ----------
        figure : matplotlib Figure
        alt : str
            What it shows, in a sentence for a reader who cannot see it.

        Raises
        ------
        ValueError
            If the alt text is empty.
        """
        import matplotlib.pyplot as plt
        from IPython.display import display

        if not str(alt or "").strip():
            raise ValueError("alt is empty; wanted a sentence that says what the figure shows.")
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        plt.close(figure)
        data = {"image/png": buffer.getvalue(), "text/plain": alt}
        about = {"raw": True, "metadata": {"image/png": {"alt": alt}}}
        if self._place is None:
            self._place = display(data, display_id=True, **about)
        else:
            self._place.update(data, **about)
