"""The queries about missions that surfaces show."""
