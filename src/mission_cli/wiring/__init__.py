"""Composition: the one place that knows concrete classes."""
