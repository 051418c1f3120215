"""Restricted Boltzmann machines: exact for small ones, by chains for others."""
