"""Peers that get the product's own scorer, so that the streaming layer alone is compared.

They run by the interpreter of bench/.venv and take nothing of the product but its core and its model.
"""
