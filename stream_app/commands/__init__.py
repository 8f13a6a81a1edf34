"""What each command does, behind the options that cli.py gives it."""
