"""What a development broker that does not come up raises."""


class BrokerUnavailable(Exception):  # noqa: N818 - it names a state, as its callers say it: the broker is unavailable
    """No broker could be started. The message says what failed and what to do about it."""
