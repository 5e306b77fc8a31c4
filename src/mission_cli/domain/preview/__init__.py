"""Previews: finished work that is shown before it lands."""
