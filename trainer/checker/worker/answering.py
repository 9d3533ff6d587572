"""Answers the judge's questions about one file: what is in it, and what its net computes.

This runs in the process of somebody's code. It holds no expected value, and whatever it answers
is data that the judge compares with its own numbers.
"""

import inspect
import random
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trainer.checker.adapt.attempts import describe_raised
from trainer.checker.adapt.constructor_text import sets_bias_twice
from trainer.checker.adapt.loaded import Loaded
from trainer.checker.adapt.names import PARAMS, list_parameters
from trainer.checker.adapt.plan import Plan, Rows
from trainer.checker.adapt.subject import TRAITS, Subject
from trainer.checker.find.discovering import MOST_STEPS
from trainer.checker.find.pairing import MOST_BODIES
from trainer.checker.find.programs import Script
from trainer.checker.find.steps import Step
from trainer.checker.findings.comparing import show_safely
from trainer.checker.findings.placing import describe_place
from trainer.checker.load.attributes import keeps_results
from trainer.checker.load.definitions import list_functions
from trainer.checker.load.loading import Loader
from trainer.checker.load.one_number import TAKEN
from trainer.checker.shapes.adapting import is_built, load_code
from trainer.checker.shapes.draws import Draw
from trainer.checker.shapes.shape import FAILED, WROTE
from trainer.checker.worker.packing import pack
from trainer.checker.worker.protocol import TEXT, decode, encode
from trainer.common.errors import InputError
from trainer.common.language import translate as _

Ask = Callable[[dict[str, Any]], dict[str, Any]]
Answer = dict[str, Any]
MOST = 200  # names, arguments or functions of one answer
DEFAULTS = {id(inspect.Parameter.empty): "empty", id(None): "none"}


class Answerer:
    """The loaded file, and the instances of its class that the judge has asked for.

    removed are names that NumPy has lost. ask sends a question of its own to the judge. tried is
    what the code of a submission was kept from.
    """

    def __init__(self, loader: Loader, removed: set[str], ask: Ask, tried: Sequence[str] = ()):
        self._loader, self._removed, self._ask, self._tried = loader, removed, ask, tried
        self._loaded: Loaded | None = None
        self._subjects: list[Subject] = []
        self._script = Script(loader.path)
        self._steps: list[Step] = []
        self._rows: list[tuple[Any, ...]] = []  # x and labels to train on
        self._arrays: dict[tuple[int, str], Any] = {}  # that were sent, by step and digest

    def answer(self, question: dict[str, Any]) -> Answer:
        """Return the answer to a question, or the exception that it raised."""
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                method: Callable[..., Answer] = getattr(self, f"_do_{question['do']}")
                return method(question)
        except InputError as error:
            return {"stopped": show_safely(error)[:TEXT]}
        except BaseException as error:
            return {"error": describe_error(error)}

    def _do_load(self, question: dict[str, Any]) -> Answer:
        """Load the file; tell its class, functions, parts, and what it leaves unfinished."""
        loaded = self._loaded = load_code(self._loader, question["name"], self._removed)
        source = self._loader.sources[loaded.path]
        lines = source.text.count("\n") + 2 if source.notebook else 0
        places = [source.notebook.find_place(n) for n in range(1, lines)] if source.notebook else []
        return {
            "class": describe_class(loaded.kind) if loaded.kind else None,
            "parts": [[p.name, list(p.needs), bool(p.is_own)] for p in loaded.parts[:MOST]],
            "unfinished": dict(list(loaded.unfinished.items())[:MOST]),
            "absence": loaded.absence[:TEXT],
            "functions": list(
                list_functions(loaded.names, loaded.defined, question["known"])
            ),
            "helpers": [
                {"file": each.file,
                 "functions": list(list_functions(each.names, each.defined, question["known"]))}
                for each in loaded.helpers[:MOST]
            ],
            "places": places,
        }  # fmt: skip

    def _do_notes(self, _question: dict[str, Any]) -> Answer:
        loaded = self._get_loaded()
        notes, aliases = list(loaded.notes)[:MOST], list(loaded.aliases)[:MOST]
        return {"notes": [n[:TEXT] for n in notes], "aliases": [n[:TEXT] for n in aliases]}

    def _do_build(self, question: dict[str, Any]) -> Answer:
        """Build a net; tell its number, methods, and the shapes and problems of its weights."""
        kind: Any = self._get_loaded().kind
        D, H, C = question["sizes"]
        subject = Subject(kind, D, H, C, question["reg"])
        self._subjects.append(subject)
        weights = subject.weights
        return {
            "id": len(self._subjects) - 1,
            "methods": {
                quantity: describe_function(method) if method else None
                for quantity, method in subject.methods.items()
            },
            "internal": describe_function(subject.internal) if subject.internal else None,
            "shapes": {k: list(shape) for k, shape in weights.get_shapes().items()},
            "problems": {k: text[:TEXT] for k, text in weights.problems.items()},
            "columns": subject.columns,
            "float32": subject.is_float32() if set(weights.places) == set(PARAMS) else False,
        } | {
            name: sorted(getattr(weights, name))[:MOST]
            for name in ("transposed", "absent", "extra", "numbers", "shared")
        }  # fmt: skip

    def _do_has(self, question: dict[str, Any]) -> Answer:
        return {"has": bool(self._get_subject(question).has(question["quantity"]))}

    def _do_get(self, question: dict[str, Any]) -> Answer:
        return {"value": encode(self._get_subject(question).weights.get())}

    def _do_set(self, question: dict[str, Any]) -> Answer:
        self._get_subject(question).weights.set(decode(question["weights"]))
        return {}

    def _do_call(self, question: dict[str, Any]) -> Answer:
        subject = self._get_subject(question)
        answer = self._run(getattr(subject, question["method"]), question)
        return answer | {"no_loss": bool(subject.no_loss), "is_derived": bool(subject.is_derived)}

    def _do_method(self, question: dict[str, Any]) -> Answer:
        subject = self._get_subject(question)
        method = subject.methods[question["quantity"]]
        assert method is not None
        named = {k: subject.to_native(decode(v)) for k, v in question["named"].items()}
        return self._run(lambda *given: method(*given, **named), question)

    def _do_function(self, question: dict[str, Any]) -> Answer:
        loaded, number = self._get_loaded(), question["module"]
        names = loaded.names if number < 0 else loaded.helpers[number].names
        function: Any = names[question["name"]]
        return self._run(function, question)

    def _do_loop(self, question: dict[str, Any]) -> Answer:
        x, t = map(decode, question["args"])
        found = self._get_subject(question).run_loop(x, t, question["lr"])
        if found is None:
            return {"loop": None}
        shapes = {key: [list(shape) for shape in pair] for key, pair in found.shapes.items()}
        loop = {"keys": found.keys[:MOST], "shapes": shapes, "absent": found.absent}
        error = {"error": describe_error(found.error)} if found.error else {}
        return {"loop": loop | {"names": found.names, "failed": found.failed}, **error}

    def _do_tried(self, _question: dict[str, Any]) -> Answer:
        return {"tried": sorted(set(self._tried))}

    def _do_seed(self, _question: dict[str, Any]) -> Answer:
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002 (of which somebody's code draws)
        return {}

    def _do_rows(self, question: dict[str, Any]) -> Answer:
        """Take some of the rows to train on."""
        self._rows.append(tuple(map(decode, question["args"])))
        return {}

    def _do_train(self, question: dict[str, Any]) -> Answer:
        x, t = (np.concatenate(each) for each in zip(*self._rows, strict=True))
        plan = Plan(**{k: decode(v) for k, v in question["plan"].items()})
        rows = Rows(x, t, question["test"], question["classes"])
        curve = self._get_subject(question).train(rows, plan)
        return {"accuracies": curve.accuracies, "error text": curve.error}

    def _do_count(self, question: dict[str, Any]) -> Answer:
        x, t = map(decode, question["args"])
        return {"count": self._get_subject(question).count_calls(question["quantity"], x, t)}

    def _do_part(self, question: dict[str, Any]) -> Answer:
        """Run a function or layer that is checked by itself on drawn inputs; tell its results,
        which of the inputs it changed, and what it raised.
        """
        part = self._get_loaded().parts[question["part"]]
        results = part.run(Draw(**{k: decode(v) for k, v in question["draw"].items()}))
        changed, failed = str(results.pop(WROTE, ""))[:TEXT], results.pop(FAILED, None)
        error = describe_error(failed) if failed else None
        return {"value": encode(results), "changed": changed, "failed": error}

    def _do_program(self, question: dict[str, Any]) -> Answer:
        """Run a program that trains, and list the steps that it takes."""
        program = self._script.get_program(question["program"])
        if program is None:
            return {"end": True}
        found = program()[:MOST_STEPS]
        start = len(self._steps)
        self._steps += found
        is_own = question["program"] == 0
        failed, misfit = self._script.describe_failure() if is_own else ("", 0)
        line, name = (is_own and self._script.truncated) or (0, "")
        return {
            "failed": failed[:TEXT],
            "misfit": misfit,
            "fault": [self._script.fault[0], self._script.fault[1][:TEXT]],
            "truncated": [line, name[:TEXT]],
            "varies": self._script.varies,
            "steps": [
                {
                    "step": start + i,
                    "line": step.line,
                    "file": step.file[:TEXT],
                    "name": step.name[:TEXT],
                    "option": step.option[:TEXT],
                    "still": bool(step.is_still),
                    "after": step.is_after,
                }
                for i, step in enumerate(found)
            ],
        }

    def _do_obstacle(self, _question: dict[str, Any]) -> Answer:
        """Tell what the call that came farthest raised, and which files beside this one use it."""
        users = [file.name[:TEXT] for file in self._script.importing]
        return {"obstacle": self._script.describe_obstacle()[:TEXT], "users": users}

    def _do_taken(self, _question: dict[str, Any]) -> Answer:
        """List what is to be said of arrays that were taken as numbers."""
        return {"taken": [text[:TEXT] for text in TAKEN][:MOST]}

    def _do_layers(self, _question: dict[str, Any]) -> Answer:
        """Name the layers of the file, which the programs behind those that train are of, and the
        lines of each.
        """
        layers, lines = self._script.layers, self._script.find_lines_of_layers()
        return {"names": [layer.name[:TEXT] for layer in layers], "lines": lines}

    def _do_bodies(self, _question: dict[str, Any]) -> Answer:
        """List the lines of all functions of the layers."""
        return {"bodies": self._script.list_bodies_of_layers()[:MOST_BODIES]}

    def _do_step(self, question: dict[str, Any]) -> Answer:
        """Run a step with arrays in the places of its own; those that were sent before are known by
        their names. form says how much of the trace is asked for.
        """
        number = question["step"]
        for each in question["edits"].values():
            if "value" in each:
                self._arrays[number, each["name"]] = np.asarray(decode(each["value"]))
        edits = {k: self._arrays[number, each["name"]] for k, each in question["edits"].items()}
        form = question["form"]
        form = tuple(form) if isinstance(form, list) else form
        return pack(self._steps[number].run(edits, form))

    def _do_site(self, question: dict[str, Any]) -> Answer:
        step, site = self._steps[question["step"]], question["site"]
        line, text = step.describe(site)
        return {"line": 0 if self._name_file(step.find_path(site)) else line, "text": text[:TEXT]}

    def _do_place(self, question: dict[str, Any]) -> Answer:
        """Return the words for the line of a value of a step, or of its loop."""
        step, site = self._steps[question["step"]], question["site"]
        line = step.line if site is None else step.describe(site)[0]
        if file := self._name_file(step.find_path(site)):
            return {"place": describe_place(file, line)[:TEXT]}
        return {"place": self._script.sources[self._loader.path].describe_line(line)}

    def _name_file(self, path: Path | None) -> str:
        """Return the name of a file, "" for the checked one, or where a call of ours is meant."""
        return "" if path in (None, self._loader.path) else path.name

    def _run(self, function: Callable[..., Any], question: dict[str, Any]) -> Answer:
        """Call a function; return its result or exception, and the arrays that it wrote to."""
        given = [decode(each) if "callback" not in each else each for each in question["args"]]
        before = [each.copy() if isinstance(each, np.ndarray) else None for each in given]
        arguments = [self._make_callback(a, given) if isinstance(a, dict) else a for a in given]
        answer: Answer
        try:
            answer = {"value": encode(function(*arguments))}
        except BaseException as error:
            answer = {"error": describe_error(error)}
        has_callback = any(isinstance(each, dict) for each in given)
        wrote = {
            str(i): encode(array)
            for i, (array, old) in enumerate(zip(given, before, strict=True))
            if old is not None and (has_callback or not np.array_equal(array, old))
        }
        return answer | {"wrote": wrote}

    def _make_callback(self, argument: dict[str, int], given: list[Any]) -> Callable[..., Any]:
        """Return a function that the judge evaluates: at its argument if that has the shape of one
        of the given arrays, else at what this array holds.
        """
        point = given[argument["callback"]]

        def evaluate(*values: Any) -> Any:
            fits = values and isinstance(values[0], np.ndarray | float)
            at = values[0] if fits and np.shape(values[0]) == np.shape(point) else point
            return decode(self._ask({"evaluate": encode(at)})["value"])

        return evaluate

    def _get_subject(self, question: dict[str, Any]) -> Subject:
        return self._subjects[question["id"]]

    def _get_loaded(self) -> Loaded:
        assert self._loaded is not None
        return self._loaded


def describe_class(kind: Any) -> dict[str, Any]:
    """Return the name and the arguments of a class, and what is known of one that a shape built."""
    traits = {name: getattr(kind, name) for name in TRAITS if hasattr(kind, name)}
    return describe_function(kind) | {
        "stores_twice": sets_bias_twice(kind),
        "traits": traits if is_built(kind) else None,
    }


def describe_function(function: Any) -> dict[str, Any]:
    """Return the name and the arguments of a function, a method or a class, as JSON."""
    arguments = [
        [p.name, int(p.kind), _name_default(p.default)] for p in list_parameters(function)[:MOST]
    ]
    names = getattr(getattr(function, "__code__", None), "co_names", ())
    name = str(getattr(function, "__name__", _("the method")))[:TEXT]
    return {"name": name, "arguments": arguments, "uses": list(map(str, names))[:MOST],
            "keeps": keeps_results(function)}  # fmt: skip


def _name_default(default: Any) -> str:
    """Return what kind of default an argument has: "lists" for a list of lists."""
    parts = default if isinstance(default, list | tuple) else ()
    other = "lists" if any(isinstance(part, list | tuple) for part in parts) else "other"
    return DEFAULTS.get(id(default), other)


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return what the judge gets of an exception."""
    raised = describe_raised(error)
    bases = (kind for kind in type(error).__mro__ if kind.__module__ == "builtins")
    return {
        "type": type(error).__name__[:TEXT],
        "base": next(bases).__name__,
        "message": show_safely(error)[:TEXT],
        "kind": raised.kind,
        "text": raised.text[:TEXT],
        "at": raised.at[:TEXT],
        "cause": raised.cause,
        "file": raised.file,
        "line": raised.line,
    }
