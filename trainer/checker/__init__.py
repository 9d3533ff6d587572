"""Checks a two-layer network that somebody else wrote (scripts/check.py).

source, notebook, magics, python2, bindings, purity, selecting, standins, star_imports, running,
loading: a file becomes a module. names, parameter_names, building, weights, subject, constructing:
its class becomes a subject with the methods of the book. cases, attempts, trial, missing_self:
they are called on chosen inputs. reference, slopes, comparing, choosing, measuring, targets: the
results are compared with the expected numbers. shapes: functions, layers and torch modules become
such a subject too. explaining, variants, descriptions, causes, judging: a difference is explained
by a mistake. check_net, one_column, helpers, check_file: all checks are run. remote, process: the
code is in a process of its own, and the judge is outside. child: another process looks for the
line, and checks code of another shape. recording, quantities, locating, survey, edits, insertions,
candidates, patching, screening, repairing, verifying, diagnosing: the wrong line and a fix are
looked for. find, judge and repair do all of that for one step of training, in any form. report,
located, placing, json_report, places: the findings are shown.
"""
