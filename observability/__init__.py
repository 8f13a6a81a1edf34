"""Dashboards, recording rules and alerts as code; `python -m observability` writes what is in deploy/."""
