"""The tools and resources of this program for agents, over the Model Context Protocol (docs/agent-tools.md)."""
