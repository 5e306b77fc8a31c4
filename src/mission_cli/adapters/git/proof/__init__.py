"""What makes changes of the history evident: the chain of commits, their signatures, and what was seen before."""
