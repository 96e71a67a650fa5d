"""The report: a certificate as one self-contained HTML file, made from its JSON form alone."""

from harness.report.page import render_html

__all__ = ["render_html"]
