"""Operations about money, time and tokens."""
