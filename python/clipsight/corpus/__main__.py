"""The command line: ``python -m clipsight.corpus``."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SOME_FAILED = 2
"""Exit status, as of ``clipsight scan``, when some images have no verdict and all others a row."""

_RUN_HELP = """\
Score the images of INPUT into OUTPUT: Parquet files with one row an image.

INPUT is a folder, a WebDataset shard (.tar), a Parquet file or an image; folders may hold all of
them. Both may be any address that fsspec knows (s3://, gs://, ...), whose driver is a package of
its own. Images that cannot be judged get a row that says why.

A run that was ended, in whatever way, goes on with --resume: what is done stays, and images are
judged again only where their bytes have changed. After that OUTPUT says what INPUT holds now.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; give its exit status: 0, 1 when it could not, 2 when images failed."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given[:1] == ["report"]:
            return _report(given[1:])
        return _run(given)
    except ImportError as error:
        message = f"{error}: pip install 'clipsight[ray]'"
        return _refused(message if "clipsight[ray]" not in str(error) else str(error))


def _run(given: Sequence[str]) -> int:
    parsed = _run_parser().parse_args(given)
    if (parsed.address or os.environ.get("RAY_ADDRESS") or "local") == "local":
        # Whatever its name says, this has Ray listen on the loopback interface alone. It is read
        # when Ray is imported.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    # What it says of itself on standard error is of no use to whoever scores images.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    from clipsight import Error
    from clipsight._scoring.storage import PlaceError
    from clipsight.corpus.run import Arguments, explain, run

    values = vars(parsed)
    values["provenance"] = not values.pop("no_provenance")
    values["keep"] = tuple(values["keep"])
    try:
        summary = run(Arguments(**values))
    except (PlaceError, Error, ConnectionError) as error:
        return _refused(str(error))
    except KeyboardInterrupt:
        print("clipsight: stopped; --resume goes on", file=sys.stderr)
        return 130
    except Exception as error:  # noqa: BLE001 - whatever ends a worker or Ray
        return _refused(f"{_cause(error)}\nWhat is done stays; --resume goes on")
    print(explain(summary), file=sys.stderr)
    return SOME_FAILED if summary.failed or summary.problems else 0


def _report(given: Sequence[str]) -> int:
    parsed = _report_parser().parse_args(given)
    from clipsight._scoring.storage import PlaceError
    from clipsight.corpus.report import build, page, to_json

    try:
        report = build(parsed.output, budget=parsed.budget, by=parsed.by)
        for path, text in ((parsed.html, page(report)), (parsed.json, to_json(report))):
            if path == "-":
                sys.stdout.write(text)
            elif path is not None:
                Path(path).write_text(text, encoding="utf-8")
    except (PlaceError, OSError) as error:
        return _refused(str(error))
    if parsed.html is None and parsed.json is None:
        sys.stdout.write(to_json(report))
    return 0


def _run_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m clipsight.corpus",
        description=_RUN_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="python -m clipsight.corpus report OUTPUT reports on what was scored. An input of"
        " that name is written ./report.",
    )
    parser.add_argument("source", metavar="INPUT")
    parser.add_argument("output", metavar="OUTPUT")
    parser.add_argument("--resume", action="store_true", help="go on with the run in OUTPUT")
    parser.add_argument(
        "--model", default="compact", help="compact (default), standard, or a model's folder"
    )
    parser.add_argument("--device", choices=("cpu", "gpu", "auto"), default="cpu")
    parser.add_argument(
        "--workers", type=_positive, help="processes with a model each (default: one a core)"
    )
    parser.add_argument(
        "--threads", type=_positive, default=1, help="cores of each worker (default 1)"
    )
    parser.add_argument(
        "--column", help="column of Parquet files that holds the images, or paths to them"
    )
    parser.add_argument(
        "--root", help="what paths in Parquet files are below (default: INPUT, or its folder)"
    )
    parser.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="COLUMN",
        help="copy a column of Parquet files, as input_COLUMN; may be given several times",
    )
    parser.add_argument(
        "--no-provenance", action="store_true", help="do not read what files say of their making"
    )
    parser.add_argument(
        "--part-images",
        type=_positive,
        metavar="N",
        help="images of a part, about (default 256; 2048 above ten million images)",
    )
    parser.add_argument(
        "--address", help="a Ray cluster (default: RAY_ADDRESS, else Ray on this machine alone)"
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    return parser


def _report_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m clipsight.corpus report",
        description="Report on a scored corpus: grades, operating points, share generated.",
    )
    parser.add_argument("output", metavar="OUTPUT")
    parser.add_argument("--html", metavar="FILE", help="write a page; - for standard output")
    parser.add_argument("--json", metavar="FILE", help="write JSON; - for standard output")
    parser.add_argument(
        "--budget",
        type=_share,
        default=0.05,
        help="share of real images that may be called generated (default 0.05)",
    )
    parser.add_argument(
        "--by",
        default="folder",
        help="folder (default), folder:DEPTH, or a column such as input_site",
    )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        msg = "it must be at least 1"
        raise argparse.ArgumentTypeError(msg)
    return number


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share < 1:
        msg = "it must be above 0 and below 1"
        raise argparse.ArgumentTypeError(msg)
    return share


def _cause(error: BaseException) -> str:
    """Say what a worker raised, without Ray's account of where it passed through."""
    text = str(error)
    # Of a chain of exceptions the first is the cause.
    first = re.search(r"^(?:\w+\.)*\w+Error: (.+)$", text, re.MULTILINE)
    return first[1] if first else text


def _refused(message: str) -> int:
    print(f"clipsight: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
