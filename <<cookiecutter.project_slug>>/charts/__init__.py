"""The Helm chart, and what is made from it: `python -m charts`."""
