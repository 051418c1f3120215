"""Tests of hypotheses, intervals of confidence, analysis of variance: one member a file."""
