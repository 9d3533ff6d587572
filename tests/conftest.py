"""Real digits once for all tests, devices and a browser, one thread, nothing left behind."""

import os
import shutil
import signal
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from threadpoolctl import threadpool_limits

from trainer.data.digits import load_digits

# Also in the processes that a test starts.
os.environ |= {"LANGUAGE": "en", "COLUMNS": "80"}

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def handle_ignored_signals():
    """Handle the signals that nohup and the background jobs of a shell ignore.

    A process that a test starts would ignore them too, but a handler is not inherited.
    """
    for name in ("SIGHUP", "SIGQUIT"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


handle_ignored_signals()
settings.register_profile("default", deadline=None, database=None, max_examples=50)
settings.load_profile("default")


def pytest_xdist_auto_num_workers(config):
    """Return two workers at least: many tests wait for the processes that they start."""
    return max(2, os.cpu_count() or 1)


@pytest.hookimpl(tryfirst=True)  # before those that are not chosen are left out
def pytest_collection_modifyitems(items):
    """Mark the tests in a browser as slow."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


def pytest_addoption(parser):
    parser.addoption(
        "--mnist-dir",
        default=os.environ.get("MNIST_DIR"),
        help="folder with the full MNIST, for the tests that want it (or MNIST_DIR)",
    )


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """More threads than cores would make every small product wait."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(threads)


@pytest.fixture
def two_threads():
    """As a program has them on two cores, where it is what a test is about."""
    torch.set_num_threads(2)
    with threadpool_limits(2):
        yield
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    """A data folder that holds mnist-5k."""
    folder = tmp_path_factory.mktemp("data")
    load_digits("mnist-5k", folder)
    return folder


@pytest.fixture(scope="session")
def digits(data_dir):
    """mnist-5k in float64."""
    return load_digits("mnist-5k", data_dir, "float64")


@pytest.fixture(scope="session")
def mnist(request):
    """The full MNIST in float64, where it is."""
    folder = request.config.getoption("--mnist-dir")
    if not folder:
        pytest.skip("needs the full MNIST: pytest --mnist-dir DIR, or MNIST_DIR")
    return load_digits("mnist", Path(folder), "float64")


@pytest.fixture(params=["cpu", "cuda"])
def device(request):
    """Every device of torch."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device here")
    return request.param


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium in the PATH: apt-get install chromium")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no playwright: pip install -r requirements-dev.txt"
    )
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    """A page that fails the test if its console shows an error."""
    page, errors = browser.new_page(viewport={"width": 1600, "height": 1200}), []
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(60_000)
    yield page
    page.close()
    assert errors == []
