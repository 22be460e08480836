"""The HTML page of an executed notebook: whole without a network, figures with their alt text."""

from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

# nbconvert's page drops the alt text that a figure carries in its metadata, and loads scripts for
# formulas and widgets from the network.
_TEMPLATE = """{%- extends 'index.html.j2' -%}
{%- block html_head_js -%}{%- endblock html_head_js -%}
{%- block html_head_js_mathjax -%}{%- endblock html_head_js_mathjax -%}
{%- block html_head_js_mermaidjs -%}{%- endblock html_head_js_mermaidjs -%}
{%- block data_png scoped -%}
{%- set alt = output | get_metadata('alt', 'image/png') -%}
{%- set tag = '<img alt="' ~ (alt | escape_html) ~ '" ' if alt else '<img ' -%}
{{ super() | replace('<img ', tag, 1) }}
{%- endblock data_png -%}
"""


def page_html(notebook, title):
    """Return a notebook as a page of HTML.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Executed; widget views are left out with their kernel.
    title : str
        Of the browser's window.

    Returns
    -------
    str
    """
    exporter = HTMLExporter(
        exclude_input_prompt=True, exclude_output_prompt=True, raw_template=_TEMPLATE
    )
    exporter.register_filter("markdown2html", _markdown)
    html, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": title}})
    return html


class _Renderer(IPythonRenderer):
    """Formulas as MathML, which browsers draw by themselves."""

    def block_math(self, body):
        return convert(body, display="block")

    def inline_math(self, body):
        return convert(body)


def _markdown(source):
    """A cell's text as HTML."""
    return MarkdownWithMath(renderer=_Renderer(escape=False)).render(source)
