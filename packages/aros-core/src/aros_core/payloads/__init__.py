"""Payloads: typed values out of plain ones, and the shapes of special answers."""
