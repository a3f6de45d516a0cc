"""How strongly an image looks AI-generated, measured on your own machine.

>>> from clipsight import Detector
>>> detector = Detector.load()
>>> result = detector.analyze("photo.jpg")  # doctest: +SKIP
>>> result.model.status, result.model.probability  # doctest: +SKIP
('scored', 0.0313)

Results are frozen dataclasses with the fields of clipsight's JSON Schema in snake_case;
``to_dict()`` gives that JSON. What cannot be read raises an :class:`Error` with a stable ``code``.
"""

from clipsight import _analysis
from clipsight._analysis import *  # noqa: F403
from clipsight._detector import Crop, Detector, Device, read_provenance
from clipsight._errors import (
    AbortedError,
    ArgumentError,
    DecodeError,
    DeviceLostError,
    Error,
    InternalError,
    IoError,
    LimitError,
    NoGpuError,
    UnsupportedError,
    WeightsCorruptError,
)
from clipsight._inputs import ImageInput
from clipsight._native import __version__

__all__ = [
    "AbortedError",
    "ArgumentError",
    "Crop",
    "DecodeError",
    "Detector",
    "Device",
    "DeviceLostError",
    "Error",
    "ImageInput",
    "InternalError",
    "IoError",
    "LimitError",
    "NoGpuError",
    "UnsupportedError",
    "WeightsCorruptError",
    "__version__",
    "read_provenance",
]
__all__ += _analysis.__all__
