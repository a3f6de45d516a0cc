"""What ``src/lib.rs`` gives; no public interface."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from typing_extensions import Self

from clipsight._errors import Error

Asked: TypeAlias = tuple[int | None, bool, str | None, tuple[int, int, int, int] | None, bool]
"""Views, explain, stability ("say" or "abstain"), crop (x, y, width, height), provenance."""

__version__: str

class Model:
    def __new__(cls, folder: str, device: str) -> Self: ...
    @property
    def device(self) -> str: ...
    @property
    def manifest(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def weights_sha256(self) -> str: ...
    @property
    def feature_width(self) -> int: ...
    def analyze(self, image: object, asked: Asked) -> str: ...
    def analyze_batch(
        self,
        images: Sequence[object],
        asked: Asked,
        threads: int,
        done: Callable[[str], object],
    ) -> list[object]: ...
    def features(self, images: Sequence[object], threads: int) -> list[bytes | Error]: ...

def read_provenance(image: object) -> str: ...
def cores() -> int: ...
