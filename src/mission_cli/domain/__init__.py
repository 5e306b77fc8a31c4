"""What a mission is: frozen values, no input or output, no clock."""
