"""`stream-app worker`, with seconds between the probes of a paused partition where it has minutes."""

from stream_app.breaker import ProbeDelays
from stream_app.commands.worker import run_worker
from stream_app.settings import load_settings

if __name__ == "__main__":
    run_worker(load_settings(), ProbeDelays(first_s=2, longest_s=4))
