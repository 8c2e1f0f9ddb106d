"""What operators and auditors ask of the consent ledger, one module an action."""
