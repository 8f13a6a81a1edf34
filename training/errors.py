"""What can be wrong with what a model is to be made from."""


class DatasetError(Exception):
    """Reviews that cannot be read, trained or measured on. The message names the file and row."""
