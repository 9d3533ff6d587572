"""Programs that train somebody's net: the file itself, as a script, or a call of its functions.

What the code is given is small data of ours, in each layout that people use.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import chain, islice, product, takewhile
from pathlib import Path

from trainer.checker.adapt.attempts import attempt
from trainer.checker.adapt.misfits import describe_misfit
from trainer.checker.adapt.names import OPTIONS, simplify_name
from trainer.checker.find.calls import LAYOUTS, OF_ONE, Call, list_calls, list_data, list_users
from trainer.checker.find.choices import Choices
from trainer.checker.find.datasets import LAYOUTS as LAYOUTS_OF_DATA
from trainer.checker.find.datasets import (
    Dataset,
    N,
    correct_sizes,
    count_samples,
    guess_batch,
    guess_rows,
    guess_separator,
    guess_sizes_of_text,
)
from trainer.checker.find.discovering import Discovery
from trainer.checker.find.failing import always_fails, find_fault, find_line
from trainer.checker.find.importers import MOST_USERS, list_importers
from trainer.checker.find.instances import SIZES, guess_sizes
from trainer.checker.find.inventing import INPUTS
from trainer.checker.find.layers import Layer
from trainer.checker.find.leaves import Namespace
from trainer.checker.find.obstacles import Obstacle
from trainer.checker.find.options import has_options
from trainer.checker.find.pairing import list_layers
from trainer.checker.find.randomness import fix_randomness, get_random_state
from trainer.checker.find.steps import Step
from trainer.checker.find.straight import wrap_step
from trainer.checker.find.tensors import compute_in_double
from trainer.checker.find.tracing import Tracer
from trainer.checker.find.truncating import find_truncated
from trainer.checker.find.trying import Trier
from trainer.checker.findings.comparing import show_safely
from trainer.checker.load.libraries import FEW, Samples
from trainer.checker.load.loading import Loader
from trainer.checker.load.running import lacks_name
from trainer.checker.load.source import Source
from trainer.checker.load.standins import MissingNameError, StandIn, be_quiet
from trainer.common.language import translate as _

ENOUGH = 150  # rows of a table where its first ones train already: more take long to copy
TRIES = 3  # sizes of data, since errors tell which are needed
WAYS = ((0, SIZES[2]), (3, SIZES[2]), (10, 1))  # layouts and outputs of nets that are given
USES = 2 * len(WAYS)  # programs that give a net to a function of the file
MOST = 9  # instances and functions of a file that are tried
OWN = 1 + LAYOUTS_OF_DATA + USES  # programs that use a net as the file does
OF_USER = 1 + LAYOUTS_OF_DATA  # programs of each file beside it that imports it
CALLS = OWN + MOST_USERS * OF_USER  # programs before those that call what the file defines
TRAINING = CALLS + LAYOUTS * MOST  # programs that train a net; those of single layers follow
OPTION = 100_000  # is added to the number of a call for each activation that is tried
MOST_LATER = 4  # trainings of a file that are judged after one that is right
PASSED = 100  # is taken from the number of a program for each training that it passes over
Program = Callable[[], list[Step]]  # the steps that a way to train the net takes


def run_program(number: int, program: Program) -> list[Step]:
    """Return the steps of the program of a number, with their places; none where it raises."""
    steps = attempt(program).value or []
    for i, step in enumerate(steps):
        step.place = number, i
    return steps


def _choose_sizes(call: Call, sizes: tuple[int, int], error: str) -> tuple[int, int] | None:
    """Return the numbers of inputs and outputs that an error asks for. A net of which we choose
    these never has as many of both, which hides what is turned: it may have one output.
    """
    asked = correct_sizes(*sizes, error)
    if asked is None or asked[0] != asked[1] or not call.renew((asked[0], SIZES[1], asked[1])):
        return asked
    return (sizes[0], 1) if sizes[1] > 1 else None


def _list_batches(module: Namespace) -> list[str]:
    """Return the names of a module for the size of a batch that is larger than our data."""
    numbers = [name for name, value in module.items() if type(value) is int and value > N]
    return [name for name in numbers if re.fullmatch(OPTIONS["batch"], simplify_name(name))]


def _is_of_data(error: Exception) -> bool:
    """Return whether a statement of a script failed since it has no data or no library, or for what
    depends on these.
    """
    return isinstance(error, MissingNameError | OSError) or lacks_name(error)


class Script:
    """A file that was run as far as it goes, or until it trains once more than skipped; texts
    replace those of files.
    """

    def __init__(self, path: Path, texts: Mapping[Path, str] | None = None, skipped: int = 0):
        self._path, self._texts, self._skipped = path, texts, skipped
        self._trains_with_few = False  # whether the first rows of a table are enough
        self.fault = 0, ""  # the line of a mistake at which a call fails, and what it raises
        self.truncated: tuple[int, str] | None = None  # an array of whole numbers, and where
        self._obstacle: Obstacle | None = None  # the first call that failed after most places
        self._calls: dict[int, list[Call]] = {}  # by the number of outputs
        self._importers: dict[int, Script] = {}  # the files that import this one
        self._own_steps: dict[int, list[Step]] = {}  # those of these files with their own data
        # The file without its first trainings, by their number, and its steps with its own data.
        self._later: dict[int, tuple[Script, list[Step]]] = {}
        self._beside: set[str] = set()  # the names of modules that the file does not import
        self._lacks_samples = False  # whether a data set may have too few for a batch
        self._trains = False  # whether code of the file takes steps without another file
        self._load()

    def _load(self, straight: Path | None = None) -> None:
        self._tracer = Tracer(straight=straight)
        self._loader = Loader(self._path, texts=self._texts, recorder=self._tracer, is_script=True)

    def list_programs(self, option: int = 0) -> Iterator[Program]:
        """Yield the file as a script, and calls of what it defines with each layout of data, and
        with another activation for each option from 1.

        The first OWN of them use a net as the file does, and those up to CALLS as the files do that
        import it. There are TRAINING.
        """
        yield self.follow
        for layout in range(LAYOUTS_OF_DATA):
            yield partial(self.follow_with_data, layout)
        for number in range(USES):
            yield partial(self.use, number)
        for number, layout in product(range(MOST_USERS), (None, *range(LAYOUTS_OF_DATA))):
            yield partial(self.follow_user, number, layout)
        for layout in range(LAYOUTS):
            for number in range(MOST):
                yield partial(self.call, layout, number, option)

    def get_program(self, number: int) -> Program | None:
        """Return the program of a number, None where there is none: behind those that train are
        the layers of the file, which was followed. Below 0 are those that train later.
        """
        if number < 0:
            return partial(self._follow_later, -(number // PASSED), number % PASSED)
        option, place = divmod(number, OPTION)
        if option and not (CALLS <= place < TRAINING and self.varies):
            return None
        every = chain(self.list_programs(option), self.list_layer_programs())
        return next(islice(every, place, None), None)

    def _follow_later(self, skipped: int, place: int) -> list[Step]:
        """Return the steps of a program of the file's own run without its first trainings."""
        if skipped not in self._later:
            later = Script(self._path, self._texts, skipped)
            self._later[skipped] = later, later.follow()  # which shows what data are missing
        later, steps = self._later[skipped]
        return later.follow_with_data(place - 1) if place else steps

    def list_layer_programs(self) -> Iterator[Program]:
        """Yield each layer of the file, which was followed, with inputs of every layout."""
        for number in range(len(self.layers)):
            for layout in range(len(INPUTS)):
                yield partial(self.run_layer, layout, number)

    def follow(self) -> list[Step]:
        """Run the file; return the steps of its loops, or the one that it takes without a loop."""
        Samples.is_taken = False
        steps = self._follow()
        may_lack_loop = not (steps or self._skipped) and self._path in self.sources
        if may_lack_loop and wrap_step(self._tree):
            self._load(self._path)
            steps = self._follow()
        self._trains = self._trains or any(map(self._takes_part, steps))
        self._lacks_samples = Samples.is_taken and not steps
        return steps

    def _follow(self) -> list[Step]:
        discovery = Discovery(self._tracer, self._skipped)
        steps = discovery.follow(self._loader.load_file)
        self._loader.errors += [discovery.error] if discovery.error else []
        if not steps and self._loader.errors and self._path in self.sources:
            self._keep_fault(self._loader.errors[0], {})
        idle = () if discovery.changes_arrays else discovery.captures.values()
        self.truncated = self.truncated or next(filter(None, map(find_truncated, idle)), None)
        return steps

    def describe_failure(self) -> tuple[str, int]:
        """Return what the file's own code raises, "" for nothing, or where it lacks its data or has
        ours; and the line at which that is a mistake of its own, as where arrays do not fit, 0 for
        another reason.
        """
        before = takewhile(lambda error: not _is_of_data(error), self._loader.errors)
        lines = ((error, find_line(error, self._path)) for error in before)
        error, line = next((pair for pair in lines if pair[1]), (None, 0))
        if error is None or Samples.is_taken:
            return "", 0
        misfit = describe_misfit(error, self._path)
        place = self.sources[self._path].describe_line(line)
        text = f"{type(error).__name__}: {misfit or show_safely(error)}"
        is_own = misfit or always_fails(error, self._text.splitlines()[line - 1])
        return _("{place} raises {error}").format(place=place, error=text), line * bool(is_own)

    def describe_obstacle(self) -> str:
        """Return which call came farthest and what it raised where, "" where none failed."""
        source = self.sources.get(self._path)
        return self._obstacle.describe(source) if self._obstacle and source else ""

    def follow_with_data(self, layout: int) -> list[Step]:
        """Run the file again, with data of ours where it has none, and with more samples where it
        asks for them; return its steps.
        """
        enough = max(ENOUGH, self._count_batches()) if self._lacks_samples else 0
        samples = self._count_samples({FEW}) or enough
        if not samples and not any(map(_is_of_data, self._loader.errors)):
            return []
        before, sizes = (self._tracer, self._loader), self._guess_sizes()
        separator = guess_separator(self._text)
        many = ENOUGH if self._trains_with_few else guess_rows(self._tree)
        try:
            for _ in range(TRIES):
                StandIn.given_data = Dataset(*sizes, layout, separator, samples or N, many)
                self._load()
                with Samples.give(samples or FEW):
                    steps = self.follow()
                errors = [str(e) for e in self._loader.errors
                          if isinstance(e, ValueError | IndexError)]  # fmt: skip
                asked = errors and correct_sizes(*sizes, errors[-1])
                self._trains_with_few |= bool(steps)
                if steps:
                    return steps
                needed = 0 if samples else self._count_samples({FEW, N}) or self._count_batches()
                if not (asked or needed):
                    return []
                sizes, samples = asked or sizes, samples or needed
        finally:
            StandIn.given_data = None
            self._tracer, self._loader = before
        return []

    def follow_user(self, number: int, layout: int | None) -> list[Step]:
        """Run a file that imports this one, where this one has no steps itself, also with data of
        ours; return the steps that run code of this one.
        """
        user = None if self._trains else self.find_user(OWN + number * OF_USER)
        if user is None:
            return []
        steps = self._own_steps[number] if layout is None else user.follow_with_data(layout)
        found = [step for step in steps if self._takes_part(step)]
        for step in found:
            step.file = step.path.name if step.path not in (None, self._path) else ""
            step.checked = self._path
        return found

    def find_user(self, place: int) -> "Script | None":
        """Return the file whose run is the program of a number, None where it is this one."""
        number = (place - OWN) // OF_USER
        if not OWN <= place < CALLS or number >= len(self.importing):
            return None
        if number not in self._importers:
            user = self._importers[number] = Script(self.importing[number], self._texts)
            self._own_steps[number] = user.follow()
        return self._importers[number]

    @cached_property
    def importing(self) -> list[Path]:
        """The files that import this one."""
        return list_importers(self._path)

    def _takes_part(self, step: Step) -> bool:
        """Return whether a step runs code of this file."""
        sites = step.run({}, "full").list_sites()
        return any(step.find_path(site) == self._path for site in sites)

    def _count_batches(self) -> int:
        """Return how many samples two of the largest batches have that the files name, 0 where
        these are no more than there are.
        """
        sizes = (guess_batch(source.tree) for source in self.sources.values())
        size = max(sizes, default=0)
        return 2 * size if size > N else 0

    def _count_samples(self, given: set[int]) -> int:
        is_loaded = self._path in self.sources
        return count_samples(self._tree, self._loader.errors, given) if is_loaded else 0

    def _guess_sizes(self) -> tuple[int, int]:
        """Return the numbers of inputs and outputs of a net that the file makes."""
        kinds = {v for v in self._module.values() if isinstance(v, type)}
        nets = [value for value in self._module.values() if type(value) in kinds]
        sizes = [size for net in nets for size in guess_sizes(net)]
        return sizes[0] if sizes else guess_sizes_of_text(self._text)

    @cached_property
    def varies(self) -> bool:
        """Whether the file, which was followed, has activations from which an argument chooses."""
        return self._path in self.sources and has_options(self._module, self._tree)

    def _list_calls(self, outputs: int) -> list[Call]:
        """Return the ways to train a net of so many outputs, which are sought once."""
        if outputs not in self._calls:
            sizes = (*SIZES[:2], outputs)
            with fix_randomness(get_random_state()):
                self._calls[outputs] = list_calls(self._module, self._tree, sizes)
        return self._calls[outputs]

    @cached_property
    def _triers(self) -> dict[int, Trier]:
        for name in _list_batches(self._module):
            self._module[name] = N
        if not self._trains:
            self._beside = {module.__name__ for module in self._loader.load_beside()}
        return {number: self._make_trier((*SIZES[:2], number)) for number in (SIZES[2], 1)}

    def _make_trier(self, sizes: tuple[int, int, int]) -> Trier:
        others = [vars(module) for module in self._loader.list_modules()[1:]]
        body = [node for source in self.sources.values() for node in source.tree.body]
        every = ast.Module(body, type_ignores=[])
        return Trier(self._tracer, Choices(self._module, every, sizes, others))

    @cached_property
    def layers(self) -> list[Layer]:
        """The layers that the file defines, once it was followed."""
        is_loaded = self._path in self.sources
        return list_layers(self._module, self._tree) if is_loaded else []

    def find_lines_of_layers(self) -> list[tuple[int, int]]:
        """Return the first and the last line of the function of each layer that goes back."""
        return [layer.find_lines(self._module) for layer in self.layers]

    def list_bodies_of_layers(self) -> list[tuple[int, int]]:
        """Return the first and the last line of each function of the layers."""
        return [body for layer in self.layers for body in layer.list_bodies(self._module)]

    @cached_property
    def _users(self) -> list[Call]:
        return list_users(self._module, self._tree)

    @property
    def sources(self) -> dict[Path, Source]:
        """The files that were loaded so far."""
        return self._loader.sources

    @property
    def names(self) -> list[str]:
        """The names that the file, which was loaded, has."""
        return list(self._module)

    @property
    def _text(self) -> str:
        return self._loader.sources[self._loader.path].text

    @property
    def _tree(self) -> ast.Module:
        return self._loader.sources[self._loader.path].tree

    @property
    def _module(self) -> Namespace:
        return vars(self._loader.list_modules()[0])

    def use(self, number: int) -> list[Step]:
        """Return the steps of a function that is given a net, with one layout of data."""
        which, way = divmod(number, len(WAYS))
        layout, outputs = WAYS[way]
        return self._follow_all(self._users[which : which + 1], layout, outputs=outputs)

    def call(self, layout: int, number: int, option: int = 0) -> list[Step]:
        """Return the steps of one function or net of the file, with one layout of data, and with
        another activation than the usual one for each option from 1.
        """
        outputs = 1 if layout >= OF_ONE else SIZES[2]
        calls = self._list_calls(outputs)[number : number + 1]
        own = [c for c in calls if c.required is None or not layout]
        return self._follow_all(own, layout, option, outputs)

    def _keep_fault(self, error: Exception | None, named: Namespace) -> None:
        """Keep the first error that is a mistake of the file, whatever these arguments are."""
        fault = find_fault(error, self._path, self._tree, named)
        if fault and not self.fault[0]:
            place = self.sources[self._path].describe_line(fault[0])
            self.fault = fault[0], _("{place} raises {error}").format(place=place, error=fault[1])

    def run_layer(self, layout: int, number: int) -> list[Step]:
        """Return the steps of one layer of the file, with inputs of one layout."""
        with be_quiet(), compute_in_double(), fix_randomness(get_random_state()):
            return self.layers[number].follow(self._triers[SIZES[2]], layout)

    def _follow_all(
        self, calls: Sequence[Call], layout: int, option: int = 0, outputs: int = SIZES[2]
    ) -> list[Step]:
        found: list[Step] = []
        with be_quiet(), compute_in_double(), fix_randomness(get_random_state()):
            for call in calls:
                trier = self._triers[outputs]
                for sizes in self._prepare(call, trier):
                    found += self._follow_call(call, trier, sizes, layout, option)
        return found

    def _prepare(self, call: Call, trier: Trier) -> list[tuple[int, int]]:
        """Return the sizes of the data for a call; keep what it raises, and raise that."""
        try:
            return call.prepare(trier)[:2]
        except Exception as error:
            self._keep_farthest(Obstacle(call, error))
            raise

    def _keep_farthest(self, obstacle: Obstacle) -> None:
        """Keep one of all, since an error holds the arrays of its call; none of a name that only
        the place has from which its text was taken.
        """
        error = obstacle.error
        if isinstance(error, NameError) and not find_line(error, self._path):
            return
        if self._obstacle is None or obstacle.reached > self._obstacle.reached:
            self._obstacle = obstacle

    def _follow_call(
        self, call: Call, trier: Trier, sizes: tuple[int, int], layout: int, option: int
    ) -> list[Step]:
        """Return the steps of a call with data of these sizes, or of the sizes in its error."""
        data = list_data(*sizes)[layout]
        if call.instance is not None and data[-1] != sizes[-1]:
            return []
        steps = self._mark(call, call.follow(trier, *data, option))
        if call.outcome and call.outcome.error:
            if not any(step.line for step in steps):  # what it trained is no part of a mistake
                self._keep_fault(call.outcome.error, call.outcome.named)
            self._keep_farthest(Obstacle(call, call.outcome.error, call.outcome.reached[0]))
        error = steps[0].run({}, "changes").error if len(steps) == 1 else call.find_error()
        if not (asked := _choose_sizes(call, sizes, error)):
            return steps
        data = list_data(*asked)[layout]
        if data[-1] != asked[-1]:
            return steps
        if renewed := call.renew((asked[0], SIZES[1], asked[1])):
            call, trier = renewed, self._make_trier((asked[0], SIZES[1], asked[1]))
            if asked not in call.prepare(trier):
                return steps
        return self._mark(call, call.follow(trier, *data, option))

    def _mark(self, call: Call, steps: list[Step]) -> list[Step]:
        """Note in the steps of a call which file beside this one has what it is given."""
        names = {getattr(kind, "__module__", "") for kind in call.list_kinds()}
        for step in steps:
            step.file = next(iter(sorted(names & self._beside)), "")
        return steps
