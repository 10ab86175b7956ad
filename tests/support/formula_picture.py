# SPDX-License-Identifier: Apache-2.0
"""A picture of any size that every machine makes alike: a hash of the coordinates over a slope."""
import numpy as np


def formula_picture(w, h):
    y, x, c = np.meshgrid(np.arange(h, dtype=np.uint64), np.arange(w, dtype=np.uint64),
                          np.arange(3, dtype=np.uint64), indexing='ij')
    noise = ((x * 7919 + y * 104729 + c * 1299709 + x * y) * 2654435761 >> 13) & 127
    return ((noise + x * 128 // max(w, 1) * (c + 1) // 3) & 255).astype(np.uint8)
