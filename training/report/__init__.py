"""The report of an evaluation: its pictures, what a table cannot say, and the pages."""
