"""The command line that all peers share."""

import argparse


def stream_options() -> argparse.ArgumentParser:
    """A parser to build on: where to read, where to write, with which model."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--input-topic", required=True)
    parser.add_argument("--result-topic", required=True)
    parser.add_argument("--group-id", required=True)
    parser.add_argument("--model", default="", help="a file that bench.peers.train wrote")
    return parser
