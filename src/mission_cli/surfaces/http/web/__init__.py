"""The web page: rendered here, with forms that work without scripts; htmx only saves reloading."""
