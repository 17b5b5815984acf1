"""Reads shaped for pages, each with a fixed number of queries."""
