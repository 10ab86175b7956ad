# SPDX-License-Identifier: Apache-2.0
"""The plain way of preprocessing: whole frame to RGB, turn, crop, resize with the named library
itself, pad, normalise, pack. Written from the documented formulas and the peers' own calls, sharing
nothing with the library under test, which is reached through preprocess_driver."""
import math
import subprocess

import numpy as np

try:
    import cv2
    cv2.setNumThreads(1)
except ImportError:
    cv2 = None
try:
    from PIL import Image
except ImportError:
    Image = None

F = np.float32

# ---- formats -------------------------------------------------------------------------------------

YUV_LAYOUT = {  # chroma shift x, y, 10 bits
    'nv12': (1, 1, False), 'nv21': (1, 1, False), 'i420': (1, 1, False), 'yv12': (1, 1, False),
    'i422': (1, 0, False), 'i444': (0, 0, False), 'yuyv': (1, 0, False), 'uyvy': (1, 0, False),
    'p010': (1, 1, True), 'i010': (1, 1, True)}
RGB_FORMATS = ('bgra', 'rgba', 'rgb24', 'bgr24', 'rgb565', 'gray8', 'gray16')
FORMATS = tuple(YUV_LAYOUT) + RGB_FORMATS

LIBYUV = {'libyuv-i601': (18997, -1160, 128, 25, 52, 102), 'libyuv-jpeg': (16320, 32, 113, 22, 46, 90),
          'libyuv-h709': (18997, -1160, 128, 14, 34, 115), 'libyuv-f709': (16320, 32, 119, 12, 30, 101)}
WEIGHTS = {'bt601': (0.299, 0.114), 'bt709': (0.2126, 0.0722), 'bt2020': (0.2627, 0.0593)}
PEER_RANGE = {'opencv-nv12': 'limited', 'libyuv-i601': 'limited', 'libyuv-jpeg': 'full',
              'libyuv-h709': 'limited', 'libyuv-f709': 'full'}


def half_up(x):
    return int(math.floor(x + 0.5))


def narrow_constants(matrix, limited, ten):
    """The documented 16-bit form of a standard's matrix."""
    kr, kb = WEIGHTS[matrix]
    kg = 1 - kr - kb
    scale, full = (4, 1023) if ten else (1, 255)
    luma = 255 / (219 * scale if limited else full)
    chroma = 255 / (224 * scale if limited else full)
    y_unit, x_unit = (64, 64) if ten else (257, 256)
    one = 64 * 32768 / x_unit * chroma
    return (half_up(64 * 65536 / y_unit * luma),
            half_up(32.5 - (64 * 16 * scale * luma if limited else 0)),
            half_up(one * 2 * (1 - kb)), half_up(one * 2 * (1 - kb) * kb / kg),
            half_up(one * 2 * (1 - kr) * kr / kg), half_up(one * 2 * (1 - kr)))


def yuv_to_rgb(y, u, v, matrix, rng, ten):
    y, u, v = (a.astype(np.int64) for a in (y, u, v))
    middle = 512 if ten else 128
    u, v = u - middle, v - middle
    if matrix == 'opencv-nv12':
        yy, h = np.maximum(0, y - 16) * 1220542, 1 << 19
        planes = ((yy + h + 1673527 * v) >> 20, (yy + h - 852492 * v - 409993 * u) >> 20,
                  (yy + h + 2116026 * u) >> 20)
    elif matrix in LIBYUV:
        yg, yb, ub, ug, vg, vr = LIBYUV[matrix]
        y1 = ((y * 257 * yg) >> 16) + yb
        planes = ((y1 + v * vr) >> 6, (y1 - (u * ug + v * vg)) >> 6, (y1 + u * ub) >> 6)
    else:
        yg, yb, ub, ug, vg, vr = narrow_constants(matrix, rng == 'limited', ten)
        y_unit, x_unit = (64, 64) if ten else (257, 256)
        y1 = ((y * y_unit * yg) >> 16) + yb

        def term(x, c):
            return (x * x_unit * c + 16384) >> 15
        planes = ((y1 + term(v, vr)) >> 6, (y1 - term(u, ug) - term(v, vg)) >> 6,
                  (y1 + term(u, ub)) >> 6)
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def up_chroma(c, sx, sy, h, w):
    return c.repeat(1 << sy, 0).repeat(1 << sx, 1)[:h, :w]


class Frame:
    """A camera buffer with padded rows, its RGB in buffer order, and its description."""

    def __init__(self, rng, fmt, w, h, padding=0, matrix='bt601', color_range='limited',
                 pixel_stride=0, image=None):
        self.format, self.width, self.height = fmt, w, h
        self.matrix, self.range = matrix, color_range
        self.planes, self.row_strides, self.pixel_strides = [], [], []
        self.orientation, self.roi = 1, None
        self.samples = None  # YUV of 8 bits: planes as they are stored, with their subsampling
        if fmt in YUV_LAYOUT:
            self._yuv(rng, padding, pixel_stride)
        else:
            self._rgb(rng, padding, pixel_stride, image)

    def _plane(self, rows, pixel, padding, pixel_stride=0):
        """rows: h x columns x bytes of a pixel. The last row ends with its last pixel."""
        h, columns, size = rows.shape
        step = pixel_stride or size
        span = step * (columns - 1) + size
        stride = step * columns + padding
        data = np.full(stride * (h - 1) + span, 0xcd, np.uint8)
        for r in range(h):
            for b in range(size):
                at = r * stride + b
                data[at:at + step * (columns - 1) + 1:step] = rows[r, :, b]
        self.planes.append(data.tobytes())
        self.row_strides.append(stride if padding or pixel_stride else 0)
        self.pixel_strides.append(pixel_stride)

    @staticmethod
    def _words(a, shift=0):
        a = (a.astype(np.uint16) << shift)[..., None]
        return np.concatenate([a & 255, a >> 8], -1).astype(np.uint8)

    def _yuv(self, rng, padding, pixel_stride):
        fmt, w, h = self.format, self.width, self.height
        sx, sy, ten = YUV_LAYOUT[fmt]
        top = 1024 if ten else 256
        cw, ch = (w + (1 << sx) - 1) >> sx, (h + (1 << sy) - 1) >> sy
        y = rng.integers(0, top, (h, w))
        u, v = rng.integers(0, top, (ch, cw)), rng.integers(0, top, (ch, cw))
        if fmt in ('nv12', 'nv21'):
            self._plane(y[..., None], 1, padding)
            self._plane(np.stack((u, v) if fmt == 'nv12' else (v, u), -1), 2, padding)
        elif fmt == 'p010':
            self._plane(self._words(y, 6), 2, padding)
            self._plane(np.concatenate([self._words(u, 6), self._words(v, 6)], -1), 4, padding)
        elif fmt in ('yuyv', 'uyvy'):
            even = np.zeros((h, cw * 2), np.int64)
            even[:, :w] = y
            a, b = even[:, 0::2], even[:, 1::2]
            order = (a, u, b, v) if fmt == 'yuyv' else (u, a, v, b)
            self._plane(np.stack(order, -1), 4, padding)
        else:
            chroma = (v, u) if fmt == 'yv12' else (u, v)
            for k, plane in enumerate((y,) + chroma):
                data = self._words(plane) if ten else plane[..., None]
                self._plane(data, 1, padding, pixel_stride if k else 0)
        self.rgb = yuv_to_rgb(y, up_chroma(u, sx, sy, h, w), up_chroma(v, sx, sy, h, w),
                              self.matrix, self.range, ten)
        if not ten:
            self.samples = [(y, 0, 0), (u, sx, sy), (v, sx, sy)]

    def _rgb(self, rng, padding, pixel_stride, image):
        fmt, w, h = self.format, self.width, self.height
        rgb = rng.integers(0, 256, (h, w, 3), dtype=np.uint8) if image is None else image
        alpha = rng.integers(0, 256, (h, w, 1), dtype=np.uint8)
        if fmt == 'rgb565':
            r, g, b = (rgb[..., k].astype(np.uint16) for k in range(3))
            self._plane(self._words((r >> 3) << 11 | (g >> 2) << 5 | b >> 3), 2, padding)
            r, g, b = r >> 3, g >> 2, b >> 3
            rgb = np.stack([r << 3 | r >> 2, g << 2 | g >> 4, b << 3 | b >> 2], -1)
        elif fmt == 'gray8':
            self._plane(rgb[..., :1], 1, padding, pixel_stride)
            rgb = rgb[..., :1].repeat(3, -1)
        elif fmt == 'gray16':
            self._plane(np.concatenate([alpha, rgb[..., :1]], -1), 2, padding)
            rgb = rgb[..., :1].repeat(3, -1)
        else:
            order = {'bgra': [2, 1, 0, 3], 'rgba': [0, 1, 2, 3], 'rgb24': [0, 1, 2],
                     'bgr24': [2, 1, 0]}[fmt]
            self._plane(np.concatenate([rgb, alpha], -1)[..., order], len(order), padding)
        self.rgb = rgb.astype(np.uint8)

    def words(self):
        out = [f'format={self.format}', f'size={self.width},{self.height}',
               f'orientation={self.orientation}',
               'bytes=' + ','.join(str(len(p)) for p in self.planes),
               'row_strides=' + ','.join(map(str, self.row_strides)),
               'pixel_strides=' + ','.join(map(str, self.pixel_strides))]
        if self.format in YUV_LAYOUT:
            out += [f'matrix={self.matrix}', f'range={self.range}']
        if self.roi:
            out.append('roi=' + ','.join(map(str, self.roi)))
        return out


# ---- geometry ------------------------------------------------------------------------------------

def turn(a, orientation):
    """Buffer to upright by the (u,v) table of the EXIF values."""
    if orientation >= 5:
        a = a.swapaxes(0, 1)
    flip_x = orientation in (2, 3, 6, 7)
    flip_y = orientation in (3, 4, 7, 8)
    return a[::-1 if flip_y else 1, ::-1 if flip_x else 1]


def python_round(x):
    return int(round(x))


def fit(rule, w, h, W, H):
    """Scaled size and offset of a letterbox."""
    r = min(H / h, W / w)
    r32 = min(F(W) / F(w), F(H) / F(h))
    if rule == 'ultralytics':
        nw, nh = python_round(w * r), python_round(h * r)
        return nw, nh, python_round((W - nw) / 2 - 0.1), python_round((H - nh) / 2 - 0.1)
    if rule == 'yolox':
        return int(w * r), int(h * r), 0, 0
    if rule == 'mmdet':
        return int(w * r + 0.5), int(h * r + 0.5), 0, 0
    if rule == 'opencv-dnn':
        nw, nh = int(F(w) * r32), int(F(h) * r32)
        return nw, nh, (W - nw) // 2, (H - nh) // 2
    if rule == 'rknn':
        sw, sh = F(W) / F(w), F(H) / F(h)
        nw, nh, left, top = W, H, 0, 0
        if sw < sh:
            nh = int(F(h) * sw)
        else:
            nw = int(F(w) * sh)
        nw -= nw % 4
        nh -= nh % 2
        if sw < sh:
            top = (H - nh) // 2
            top -= top % 2
        else:
            left = (W - nw) // 2
            left -= left % 2
        return nw, nh, left, top
    raise ValueError(rule)


def center_crop(rule, w, h, W, H, short):
    """Scaled size and the left top of the crop in it; negative where the picture is smaller."""
    if rule == 'opencv-dnn':
        f = float(max(F(W) / F(w), F(H) / F(h)))
        nw, nh = python_round(w * f), python_round(h * f)
        return nw, nh, int(0.5 * (nw - W)), int(0.5 * (nh - H)), f
    short = short or max(W, H)
    nw, nh = (short, int(short * h / w)) if w <= h else (int(short * w / h), short)
    if rule == 'torchvision-0.7':
        return nw, nh, int((nw - W + 1) * 0.5), int((nh - H + 1) * 0.5), None
    return nw, nh, int(round((nw - W) / 2.0)), int(round((nh - H) / 2.0)), None


# ---- resampling ----------------------------------------------------------------------------------

CV = {'opencv-linear': 'INTER_LINEAR', 'opencv-linear-exact': 'INTER_LINEAR_EXACT',
      'opencv-area': 'INTER_AREA', 'opencv-nearest': 'INTER_NEAREST',
      'opencv-nearest-exact': 'INTER_NEAREST_EXACT', 'opencv-cubic': 'INTER_CUBIC'}
PIL = {'pillow-bilinear': 2, 'pillow-bicubic': 3, 'pillow-lanczos': 1, 'pillow-box': 4, 'vision': 2}
EXACT = tuple(CV)[:5] + ('pillow-bilinear', 'pillow-bicubic', 'pillow-lanczos', 'pillow-box')


def tf_resize(img, W, H, legacy):
    """TensorFlow's resize_bilinear_op.cc in numpy, float32."""
    h, w, _ = img.shape

    def axis(n, o):
        scale, i = F(n) / F(o), np.arange(o).astype(F)
        x = i * scale if legacy else (i + F(.5)) * scale - F(.5)
        lo = np.floor(x)
        return (np.maximum(lo, 0).astype(int), np.minimum(np.ceil(x), n - 1).astype(int),
                (x - lo).astype(F))
    x0, x1, fx = axis(w, W)
    y0, y1, fy = axis(h, H)
    p = img.astype(F)
    top = p[y0][:, x0] + (p[y0][:, x1] - p[y0][:, x0]) * fx[None, :, None]
    low = p[y1][:, x0] + (p[y1][:, x1] - p[y1][:, x0]) * fx[None, :, None]
    return top + (low - top) * fy[:, None, None]


def torch_resize(img, W, H, antialias, corners):
    import torch
    t = torch.from_numpy(np.ascontiguousarray(img)).permute(2, 0, 1)[None].float()
    out = torch.nn.functional.interpolate(t, size=(H, W), mode='bilinear', align_corners=corners,
                                          antialias=antialias)
    return out[0].permute(1, 2, 0).numpy()


# `fast` in numpy: samples as they are stored, means over what an output covers, in 128ths, first
# across the buffer's rows, then along them; colours last. Its own definition, so no peer.

def fast_weights(origin, scale, count, low, high):
    """Outputs x samples low..high of one axis: output i covers origin + i * scale and on."""
    out = np.zeros((count, high - low), np.int64)
    for i in range(count):
        center, half = origin + (i + 0.5) * scale, max(scale, 1.0) / 2
        a, b = max(center - half, low), min(center + half, high)
        edges = np.clip(np.arange(low, high + 1), a, b)
        out[i] = np.diff(np.floor(128 * (edges - a) / (b - a) + 0.4999))
    return out


def fast_axis(positions, count, shift):
    """Weights of a stored plane for an axis of the picture whose pixels are buffer `positions`."""
    low, n = int(positions.min()), len(positions)
    first, last = low >> shift, (low + n + (1 << shift) - 1) >> shift
    unit = 1 << shift
    return first, last, fast_weights(low / unit, n / count / unit, count, first, last)


def fast_means(plane, rows, columns):
    first, last, across = rows
    left, right, along = columns
    mean = (across @ plane[first:last, left:right].astype(np.int64) + 64) >> 7
    return (mean @ along.T + 64) >> 7


def fast_resize(samples, index, swapped, W, H):
    """Planes of the picture in size W x H; its pixels are buffer positions index[..., 0:2] (x, y)."""
    xs = index[:, 0, 0] if swapped else index[0, :, 0]
    ys = index[0, :, 1] if swapped else index[:, 0, 1]
    columns, rows = (H, W) if swapped else (W, H)
    out = np.stack([fast_means(plane, fast_axis(ys, rows, sy), fast_axis(xs, columns, sx))
                    for plane, sx, sy in samples], -1)
    out = out[::-1 if ys[0] > ys[-1] else 1, ::-1 if xs[0] > xs[-1] else 1]
    return out.swapaxes(0, 1) if swapped else out


def resize(img, W, H, resampler, factor=None):
    """img: h x w x c uint8. Uint8, or float32 for the resamplers that do not round."""
    img = np.ascontiguousarray(img)
    if resampler in CV:
        flag = getattr(cv2, CV[resampler])
        if factor is not None:
            out = cv2.resize(img, None, fx=factor, fy=factor, interpolation=flag)
        else:
            out = cv2.resize(img, (W, H), interpolation=flag)
        return out.reshape(out.shape[0], out.shape[1], img.shape[2])
    if resampler in PIL:
        gray = img.shape[2] == 1
        im = Image.fromarray(img[..., 0] if gray else img).resize((W, H), PIL[resampler])
        return np.asarray(im).reshape(H, W, img.shape[2])
    if resampler.startswith('torch'):
        return torch_resize(img, W, H, resampler.endswith('aa'), resampler.endswith('corners'))
    return tf_resize(img, W, H, resampler == 'tf1-legacy')


def to_gray(rgb, resampler):
    if resampler in CV:
        return cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)[..., None]
    return np.asarray(Image.fromarray(np.ascontiguousarray(rgb)).convert('L'))[..., None]


# ---- the whole way -------------------------------------------------------------------------------

DEFAULTS = {'channels': 'rgb', 'layout': 'nchw', 'dtype': 'float32', 'pad': (114, 20, 7),
            'divide': 1.0, 'scale': 1.0, 'mean': (0, 0, 0), 'std': (1, 1, 1),
            'quantization': None, 'rule': None, 'short': 0, 'fraction': 0.0}


def spec_words(spec):
    s = {**DEFAULTS, **spec}
    out = [f'input={s["input"][0]},{s["input"][1]}', f'mode={s["mode"]}',
           f'resample={s["resample"]}', f'channels={s["channels"]}', f'layout={s["layout"]}',
           f'dtype={s["dtype"]}', 'pad=' + ','.join(map(str, s['pad'])),
           f'divide={s["divide"]!r}', f'scale={s["scale"]!r}',
           'mean=' + ','.join(map(repr, s['mean'])), 'std=' + ','.join(map(repr, s['std'])),
           f'short={s["short"]}', f'fraction={s["fraction"]!r}']
    if s['rule']:
        out.append(f'rule={s["rule"]}')
    if s['quantization']:
        out.append('quantization=' + ','.join(map(repr, s['quantization'])))
    return out


def picture(frame, spec):
    """The 8-bit input picture (h x w x c in the order of channels), float where the resampler does
    not round, before normalisation."""
    s = {**DEFAULTS, **spec}
    fast, gray = s['resample'] == 'fast', s['channels'] == 'gray'
    rotate = s['mode'].endswith('_rotate_90_ccw')
    swapped = (frame.orientation >= 5) != rotate
    # what is turned and cut: the picture, or where its pixels are in the buffer
    where = np.stack(np.meshgrid(np.arange(frame.width), np.arange(frame.height)), -1)
    img = turn(where if fast else frame.rgb, frame.orientation)
    if frame.roi:
        x, y, w, h = frame.roi
        img = img[y:y + h, x:x + w]
    mode = s['mode']
    if rotate:
        img = turn(img, 8)  # (x, y) -> (y, W - x)
        mode = mode[:-len('_rotate_90_ccw')]

    def colors(rgb):
        return to_gray(rgb, s['resample']) if gray else rgb[..., ::-1] if s['channels'] == 'bgr' else rgb

    def small_fast(nw, nh):
        if frame.samples:
            yuv = fast_resize(frame.samples, img, swapped, nw, nh)
            return colors(yuv_to_rgb(*np.moveaxis(yuv, -1, 0), frame.matrix, frame.range, False))
        early = frame.format in ('rgb565', 'p010', 'i010')
        rgb = colors(frame.rgb) if early else frame.rgb
        rgb = fast_resize([(rgb[..., c], 0, 0) for c in range(rgb.shape[2])], img, swapped, nw, nh)
        return rgb.astype(np.uint8) if early else colors(rgb.astype(np.uint8))
    if not fast:
        img = colors(img)
    h, w = img.shape[:2]
    W, H = s['input']
    factor, crop = None, (0, 0)
    nw, nh, left, top = W, H, 0, 0
    if mode == 'scale_fit':
        nw, nh, left, top = fit(s['rule'], w, h, W, H)
    elif mode == 'center_crop' and s['rule'] == 'tf-central':
        f = s['fraction'] or 0.875
        cx, cy = int((w - w * f) / 2), int((h - h * f) / 2)
        img = img[cy:h - cy, cx:w - cx]
    elif mode == 'center_crop':
        nw, nh, cx, cy, factor = center_crop(s['rule'], w, h, W, H, s['short'])
        crop = (max(cx, 0), max(cy, 0))
        left = (W - nw) // 2 if cx < 0 or nw < W else 0
        top = (H - nh) // 2 if cy < 0 or nh < H else 0
    small = small_fast(nw, nh) if fast else resize(img, nw, nh, s['resample'], factor)
    c = small.shape[2]
    small = small[crop[1]:crop[1] + H, crop[0]:crop[0] + W]
    out = np.empty((H, W, c), small.dtype)
    out[:] = np.array(s['pad'][:c], small.dtype)
    out[top:top + small.shape[0], left:left + small.shape[1]] = small
    return out


def normalise(pixels, spec):
    s = {**DEFAULTS, **spec}
    v = pixels.astype(F)
    if s['divide'] != 1:
        v = v / F(s['divide'])
    if s['scale'] != 1:
        v = v * F(s['scale'])
    for c in range(v.shape[2]):
        if s['mean'][c] != 0:
            v[..., c] = v[..., c] - F(s['mean'][c])
        if s['std'][c] != 1:
            v[..., c] = v[..., c] / F(s['std'][c])
    if s['dtype'] in ('uint8', 'int8'):
        if s['quantization']:
            v = np.rint(v / F(s['quantization'][0])) + F(s['quantization'][1])
        lo, hi = (0, 255) if s['dtype'] == 'uint8' else (-128, 127)
        v = np.clip(np.rint(v), lo, hi)
    v = v.astype(s['dtype'])
    return v.transpose(2, 0, 1)[None] if s['layout'] == 'nchw' else v[None]


def expected(frame, spec):
    return normalise(picture(frame, spec), spec)


class Driver:
    """The library, one process for many requests."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def raw(self, words, planes):
        p = self.process
        try:
            p.stdin.write((' '.join(words) + '\n').encode())
            for plane in planes:
                p.stdin.write(plane)
            p.stdin.flush()
        except BrokenPipeError:
            pass
        answer = p.stdout.readline().decode()
        if not answer.startswith('ok '):
            if not answer:
                raise RuntimeError(f'the driver died with {p.wait()} on {" ".join(words)}')
            return None, answer.strip()
        size = int(answer.split()[1])
        self.milliseconds = float(answer.split()[2])
        return p.stdout.read(size), 'ok'

    def run(self, frame, spec, cpu=0, repeat=1):
        s = {**DEFAULTS, **spec}
        data, answer = self.raw(spec_words(spec) + frame.words() + [f'cpu={cpu}', f'repeat={repeat}'],
                                frame.planes)
        if data is None:
            raise RuntimeError(answer)
        W, H = s['input']
        c = 1 if s['channels'] == 'gray' else 3
        shape = (1, c, H, W) if s['layout'] == 'nchw' else (1, H, W, c)
        return np.frombuffer(data, s['dtype']).reshape(shape)
