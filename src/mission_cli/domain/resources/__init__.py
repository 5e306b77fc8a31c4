"""What a mission needs from people: credentials, domains, accounts, servers, quotas and tools."""
