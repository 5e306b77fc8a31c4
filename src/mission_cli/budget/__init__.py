"""Pure arithmetic on money, hours and tokens: Decimal, never float."""
