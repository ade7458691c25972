"""Texts that try to make a model, and through it this system, do what nobody asked for; and the machinery they are led through."""
