"""What this product is compared with: run by the interpreter of bench/.venv, without the product."""
