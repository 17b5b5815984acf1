"""Reads shaped for pages, one module a page, each with a fixed number of queries."""
