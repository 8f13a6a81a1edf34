"""What the product is made of (SBOM), and whether that is known to be vulnerable (audit)."""
