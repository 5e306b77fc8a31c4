"""What pulses and views note in the runtime folder, and may lose."""
