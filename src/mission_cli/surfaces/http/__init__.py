"""The HTTP surface: pages to decide on, webhooks, and the resource API. It calls only `app`."""
