"""Resizes all images of a folder with Pillow's LANCZOS filter, in threads.

    python resize.py make FOLDER    makes 24 images to resize
    python resize.py run FOLDER     resizes them, to FOLDER/small
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image


def make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(24):
        noise = Image.effect_noise((1600, 1200), 40 + i)
        Image.merge("RGB", (noise, noise.rotate(180), noise.transpose(Image.Transpose.FLIP_LEFT_RIGHT))).save(folder / f"{i:02}.jpg", quality=90)


def resize(source: Path, target: Path) -> None:
    with Image.open(source) as image:
        image.resize((image.width // 4, image.height // 4), Image.Resampling.LANCZOS).save(target, quality=85)


def run(folder: Path) -> None:
    small = folder / "small"
    small.mkdir(exist_ok=True)
    sources = sorted(folder.glob("*.jpg"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(resize, sources, [small / s.name for s in sources]))
    print(f"{len(sources)} images")


if __name__ == "__main__":
    {"make": make, "run": run}[sys.argv[1]](Path(sys.argv[2]))
