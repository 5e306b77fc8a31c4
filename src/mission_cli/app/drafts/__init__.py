"""The drafts of missions, as people see them and decide about them."""
