"""What is known about branches: how landing would go, changes to tests and checks, who moved a branch."""
