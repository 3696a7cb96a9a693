"""The commands of ``robustbert``; each module has the arguments of its command and runs it.

Nothing heavy is imported before a command runs.
"""
