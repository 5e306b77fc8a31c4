"""Operations on finished work: deployments."""
