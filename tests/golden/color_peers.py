# SPDX-License-Identifier: Apache-2.0
"""YUV to RGB: the peers' matrices against the peers themselves, the standards' against double
precision, over all of chroma and luma."""
import ctypes
import ctypes.util
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import plain
from tap import Tap


def same_size(frame):
    return {'input': (frame.width, frame.height), 'mode': 'scale_fill',
            'resample': 'opencv-nearest', 'layout': 'nhwc', 'dtype': 'uint8'}


def convert(driver, frame, cpu):
    return driver.run(frame, same_size(frame), cpu)[0]


def double_precision(y, u, v, matrix, limited, ten):
    kr, kb = plain.WEIGHTS[matrix]
    unit, top = (4, 1023) if ten else (1, 255)
    y0, ys, cs = (16 * unit, 219 * unit, 224 * unit) if limited else (0, top, top)
    luma = (y - y0) / ys
    cb, cr = (u - 128 * unit) / cs, (v - 128 * unit) / cs
    r = luma + 2 * (1 - kr) * cr
    b = luma + 2 * (1 - kb) * cb
    g = (luma - kr * r - kb * b) / (1 - kr - kb)
    return np.clip(np.stack([r, g, b], -1) * 255, 0, 255)


def against_double(tap, driver, fmt, matrix, color_range):
    worst = 0.0
    for cpu in (1, 0):
        for seed in range(3):
            frame = plain.Frame(np.random.default_rng(seed), fmt, 640, 480, 0, matrix, color_range)
            sx, sy, ten = plain.YUV_LAYOUT[fmt]
            raw = [np.frombuffer(p, np.uint16 if ten else np.uint8) for p in frame.planes]
            y = raw[0].reshape(480, 640).astype(np.float64)
            if fmt in ('nv12', 'p010'):
                uv = raw[1].reshape(480 >> sy, 640 >> sx, 2).astype(np.float64)
                u, v = uv[..., 0], uv[..., 1]
            else:
                u, v = (p.reshape(480 >> sy, 640 >> sx).astype(np.float64) for p in raw[1:3])
            if fmt == 'p010':
                y, u, v = y / 64, u / 64, v / 64
            u, v = plain.up_chroma(u, sx, sy, 480, 640), plain.up_chroma(v, sx, sy, 480, 640)
            want = double_precision(y, u, v, matrix, color_range == 'limited', ten)
            worst = max(worst, float(np.abs(convert(driver, frame, cpu) - want).max()))
    tap.check(f'{fmt} {matrix} {color_range}: within a level of double precision, worst '
              f'{worst:.3f}', worst < 1.0)


def against_opencv(tap, driver):
    if plain.cv2 is None:
        tap.skip('opencv-nv12 matrix', 'python3-opencv is needed')
        return
    codes = {'nv12': plain.cv2.COLOR_YUV2RGB_NV12, 'nv21': plain.cv2.COLOR_YUV2RGB_NV21,
             'i420': plain.cv2.COLOR_YUV2RGB_I420, 'yuyv': plain.cv2.COLOR_YUV2RGB_YUY2,
             'uyvy': plain.cv2.COLOR_YUV2RGB_UYVY}
    for fmt, code in codes.items():
        frame = plain.Frame(np.random.default_rng(5), fmt, 642, 480, 0, 'opencv-nv12')
        data = np.frombuffer(b''.join(frame.planes), np.uint8)
        shape = (480, 642, 2) if fmt in ('yuyv', 'uyvy') else (720, 642)
        want = plain.cv2.cvtColor(data.reshape(shape), code)
        for cpu in (1, 0):
            different = int((convert(driver, frame, cpu) != want).sum())
            tap.check(f'opencv-nv12 matrix on {fmt}, cpu {cpu}', different == 0,
                      [f'{different} samples differ'])


def against_libyuv(tap, driver):
    name = ctypes.util.find_library('yuv')
    if not name:
        tap.skip('libyuv matrices', 'libyuv is needed')
        return
    yuv = ctypes.CDLL(name)
    for matrix, symbol in (('libyuv-i601', 'kYuvI601Constants'), ('libyuv-jpeg', 'kYuvJPEGConstants'),
                           ('libyuv-h709', 'kYuvH709Constants'),
                           ('libyuv-f709', 'kYuvF709Constants')):
        frame = plain.Frame(np.random.default_rng(6), 'nv12', 642, 480, 0, matrix,
                            plain.PEER_RANGE[matrix])
        out = np.zeros((480, 642, 4), np.uint8)
        constants = ctypes.byref(ctypes.c_uint8.in_dll(yuv, symbol))
        yuv.NV12ToARGBMatrix(frame.planes[0], 642, frame.planes[1], 642,
                             ctypes.c_void_p(out.ctypes.data), 642 * 4, constants, 642, 480)
        for cpu in (1, 0):
            different = int((convert(driver, frame, cpu) != out[..., 2::-1]).sum())
            tap.check(f'{matrix} matrix, cpu {cpu}', different == 0,
                      [f'{different} samples differ'])


def main():
    tap, driver = Tap(), plain.Driver(sys.argv[1])
    for fmt in ('nv12', 'i422', 'i444', 'p010', 'i010'):
        for matrix in plain.WEIGHTS:
            for color_range in ('limited', 'full'):
                against_double(tap, driver, fmt, matrix, color_range)
    against_opencv(tap, driver)
    against_libyuv(tap, driver)
    tap.done()


main()
