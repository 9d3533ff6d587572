"""Checks a network that somebody else wrote (scripts/check.py).

A file becomes a module (load), and its net is sought: a class that is called (shapes, adapt), or
one step of training in any form (find). It is judged (measure, judge), and the wrong line and a fix
are looked for (diagnose, repair). docs/architecture.md says what each room hands to the next.
"""
