"""What Parley promises, by question: laws, semantics, identity, theory, control, learning, scenarios, house."""
