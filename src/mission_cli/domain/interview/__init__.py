"""The interview before a plan: its questions, how answers are read, which question is next, and what answers mean."""
