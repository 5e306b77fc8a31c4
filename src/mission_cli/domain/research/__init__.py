"""Research before the work: topics, their documents, and the features that need them."""
