"""What the phases of a mission need beside the loop: facts for prompts, and the documents that people decide about."""
