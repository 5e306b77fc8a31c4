"""Commands about finished work."""
