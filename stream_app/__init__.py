"""A streaming consumer that labels every sentence of a review positive, neutral or negative."""
