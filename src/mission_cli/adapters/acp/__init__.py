"""A client of the Agent Client Protocol (ACP), which runs between the supervisor and an agent in the sandbox.

`mission _acp OPTIONS -- COMMAND …` starts the agent, gives it the prompt that is on standard input, answers its
requests by a policy, and prints its messages as events, one JSON object a line. Only the standard library is used.
"""
