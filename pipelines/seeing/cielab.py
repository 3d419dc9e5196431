"""Colours in CIELAB (CIE 1976; white point D65, observer 2°), without importing scikit-image."""

from __future__ import annotations

import numpy as np

_LEVELS = np.arange(256) * (1 / 255)
_LINEAR = np.where(_LEVELS > 0.04045, ((_LEVELS + 0.055) / 1.055) ** 2.4, _LEVELS / 12.92)
"""The light of each level of sRGB (IEC 61966-2-1)."""
_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
"""From linear RGB to XYZ, with the primaries of Rec. 709."""
_WHITE = np.array([0.95047, 1.0, 1.08883])


def cielab(rgb: np.ndarray) -> np.ndarray:
    """Return L* in 0..100, a* and b* of sRGB levels: the bits of skimage's `rgb2lab`.

    Shapes:
        rgb [..., 3]: whole numbers 0..255; returns [..., 3]

    >>> cielab(np.array([255, 0, 0], np.uint8)).round(1).tolist()
    [53.2, 80.1, 67.2]
    """
    relative = _LINEAR[rgb] @ _XYZ.T / _WHITE
    bent = np.where(relative > 0.008856, np.cbrt(relative), 7.787 * relative + 16 / 116)
    x, y, z = bent[..., 0], bent[..., 1], bent[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
