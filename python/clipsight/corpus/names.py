"""What a file found in a folder is by its name; the tables are those of ``clipsight scan``."""

from __future__ import annotations

IMAGE_EXTENSIONS = frozenset(
    [
        "jpg",
        "jpeg",
        "jpe",
        "jfif",
        "pjpeg",
        "pjp",
        "jpg_large",
        "jpg_orig",
        "png",
        "apng",
        "png_large",
        "webp",
        "gif",
        "bmp",
        "dib",
        "tif",
        "tiff",
        "avif",
        "avifs",
        "heic",
        "heif",
        "hif",
        "jxl",
        "jp2",
    ]
)
"""Extensions of images, in lower case; ``names.rs`` of the native crate says where each is from."""

SYSTEM_NAMES = frozenset(
    [
        ".ds_store",
        ".thumbnails",
        "@eadir",
        "desktop.ini",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "thumbs.db",
    ]
)
"""What systems keep beside images, in lower case."""

COMPRESSED_TARS = (".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst")


def is_hidden(name: str) -> bool:
    """Whether a file or folder is passed over whatever it holds."""
    return name.startswith(".") or name.lower() in SYSTEM_NAMES


def extension(name: str) -> str:
    """Take what follows the last dot, in lower case; nothing where the name has none."""
    stem, dot, end = name.rpartition(".")
    return end.lower() if dot and stem else ""


def is_image(name: str) -> bool:
    """Whether a name says that the file is an image."""
    return extension(name) in IMAGE_EXTENSIONS
