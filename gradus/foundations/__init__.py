"""Calculus, linear algebra, probability, information, differentiation, classical learners: what no library has."""
