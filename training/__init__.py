"""From raw reviews to a model artifact that the stream can serve."""
