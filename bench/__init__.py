"""The benchmark: this product beside its peers, in one run, on one broker."""
