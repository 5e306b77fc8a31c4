"""opencode."""

PROGRAM = "opencode"
"""The program that is looked for on PATH; empty: the settings must name one."""
KEYS = ("ANTHROPIC_", "OPENAI_", "GOOGLE_", "GEMINI_", "OPENROUTER_", "GROQ_", "XAI_", "MISTRAL_")
"""Prefixes of the variables of model providers."""
