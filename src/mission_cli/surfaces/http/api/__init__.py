"""The resource API: one table of operations, from which routes, checks of input and the OpenAPI document are made."""
