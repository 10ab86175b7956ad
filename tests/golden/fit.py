# SPDX-License-Identifier: Apache-2.0
"""The recipe behind a tensor is found from frames and tensors that the real Pillow, OpenCV and torch
made, each in the way its users write it."""
import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from tap import Tap

tap = Tap()
try:
    import numpy as np
except ImportError:
    np = None
try:
    import cv2
except ImportError:
    cv2 = None
try:
    from PIL import Image
except ImportError:
    Image = None
try:
    import torch
    import torch.nn.functional as functional
except ImportError:
    torch = None

TOOL = sys.argv[1]
SIZES = [(501, 377), (377, 463), (640, 360)]  # width, height
if np is None:
    tap.skip('fit', 'numpy is not installed')
    tap.done()


def picture(index):
    """Shapes with hard edges, gradients and grain: what resamplers differ on."""
    width, height = SIZES[index]
    random = np.random.default_rng(70 + index)
    y, x = np.mgrid[0:height, 0:width].astype('f4')
    image = np.stack([120 + 100 * np.sin(x / 37 + c) * np.cos(y / (23 + 9 * c)) for c in range(3)], -1)
    for _ in range(40):
        left, top = random.integers(0, width), random.integers(0, height)
        w, h = random.integers(4, width // 4), random.integers(4, height // 4)
        image[top:top + h, left:left + w] = random.integers(0, 256, 3)
    return np.clip(image + random.normal(0, 9, image.shape), 0, 255).astype('u1')


PICTURES = [picture(i) for i in range(len(SIZES))]
FOLDER = tempfile.mkdtemp(prefix='plumbline-fit-')
atexit.register(shutil.rmtree, FOLDER, True)


def write_bmp(path, rgb):
    """24-bit BMP, rows bottom up: readable without any library of ours."""
    height, width = rgb.shape[:2]
    row = (width * 3 + 3) // 4 * 4
    body = np.zeros((height, row), 'u1')
    body[:, :width * 3] = rgb[::-1, :, ::-1].reshape(height, -1)
    header = b'BM' + np.array([54 + body.size, 0, 54, 40, width, height], '<i4').tobytes()
    header += np.array([1, 24], '<i2').tobytes() + np.array([0, body.size, 2835, 2835, 0, 0], '<i4').tobytes()
    with open(path, 'wb') as file:
        file.write(header + body.tobytes())


FRAMES = []
for number, pixels in enumerate(PICTURES):
    FRAMES.append(os.path.join(FOLDER, f'{number}.bmp'))
    write_bmp(FRAMES[-1], pixels)


def fit(frames, tensors):
    pairs = []
    for index, (frame, tensor) in enumerate(zip(frames, tensors)):
        path = os.path.join(FOLDER, f'{index}.npy')
        np.save(path, np.ascontiguousarray(tensor))
        pairs += ['--pair', f'{frame}={path}']
    run = subprocess.run([TOOL, 'fit', '--json', *pairs], capture_output=True, text=True)
    return (json.loads(run.stdout), '') if run.returncode in (0, 1) else (None, run.stderr)


def expect(name, make, exact=True, frames=FRAMES, verdict=None, **fields):
    found, why = fit(frames, [make(p) for p in PICTURES])
    if not found:
        tap.check(name, False, [why])
        return
    got = {**found['preprocess'], **{k: found[k] for k in ('matrix', 'range') if k in found}}
    wrong = {k: got.get(k) for k, v in fields.items() if got.get(k) != v}
    residual = found['residual']
    close = residual['differing'] == 0 if exact is True else residual['max'] <= exact
    clear = not any(u['field'] in ('resample', 'mode') for u in found['undecided'])
    right = found['verdict'] == (verdict or ('exact' if exact is True else found['verdict']))
    tap.check(name, not wrong and close and clear and right, [f'{wrong} {residual} {found["undecided"]}'])


def write_jpegs(subsampling):
    """The pictures as JPEG files, and the half pictures that Pillow's draft mode makes of them."""
    paths, halves = [], {}
    for number, pixels in enumerate(PICTURES):
        paths.append(os.path.join(FOLDER, f'{number}.jpg'))
        Image.fromarray(pixels).save(paths[-1], quality=90, subsampling=subsampling)
        image = Image.open(paths[-1])
        image.draft(None, (image.width // 2, image.height // 2))
        halves[pixels.shape] = np.asarray(image.convert('RGB'))
    return paths, halves


def letterbox(image, size, pad, resize, rounded=True, centred=True):
    height, width = image.shape[:2]
    ratio = min(size / height, size / width)
    w, h = (int(round(width * ratio)), int(round(height * ratio))) if rounded else (
        int(width * ratio), int(height * ratio))
    left, top = (int(round((size - w) / 2 - 0.1)), int(round((size - h) / 2 - 0.1))) if centred else (0, 0)
    out = np.full((size, size, 3), pad, 'u1')
    out[top:top + h, left:left + w] = resize(image, (w, h))
    return out


def nchw(image):
    return image.transpose(2, 0, 1)[None]


RESIZERS = {}
if Image:
    for key, value in (('bilinear', 2), ('bicubic', 3), ('lanczos', 1), ('box', 4)):
        RESIZERS['pillow-' + key] = lambda a, s, v=value: np.asarray(Image.fromarray(a).resize(s, v))
if cv2:
    for key, value in (('linear', 1), ('area', 3), ('nearest', 0), ('linear-exact', 5),
                       ('nearest-exact', 6), ('cubic', 2)):
        RESIZERS['opencv-' + key] = lambda a, s, v=value: cv2.resize(a, s, interpolation=v)
if not Image:
    tap.skip('recipes of Pillow', 'Pillow is not installed')
if not cv2:
    tap.skip('recipes of OpenCV', 'OpenCV for Python is not installed')

for key, resize in RESIZERS.items():
    tolerance = 1.0 if key == 'opencv-cubic' else True
    expect(f'{key}, letterbox as ultralytics, x/255',
           lambda a, r=resize: nchw(letterbox(a, 320, 114, r)).astype('f4') / np.float32(255),
           tolerance, mode='scale_fit', rule='ultralytics', resample=key, pad=[114, 114, 114],
           channels='rgb', layout='nchw', dtype='float32', divide=255, mean=[0, 0, 0])
    expect(f'{key}, stretched, bytes', lambda a, r=resize: r(a, (300, 220))[None], tolerance,
           mode='scale_fill', resample=key, layout='nhwc', dtype='uint8', width=300, height=220)

if Image:
    MEAN, STD = np.array([.485, .456, .406], 'f4'), np.array([.229, .224, .225], 'f4')

    def preset(a, short, crop):
        image = Image.fromarray(a)
        w, h = image.size
        size = (short, int(short * h / w)) if w <= h else (int(short * w / h), short)
        image = np.asarray(image.resize(size, 2))
        top, left = int(round((size[1] - crop) / 2)), int(round((size[0] - crop) / 2))
        image = image[top:top + crop, left:left + crop].astype('f4') / np.float32(255)
        return nchw((image - MEAN) / STD)

    expect('torchvision, 256 and 224', lambda a: preset(a, 256, 224), mode='center_crop',
           rule='torchvision', resize_short=256, mean=[.485, .456, .406], std=[.229, .224, .225])
    expect('torchvision, a short side nobody uses', lambda a: preset(a, 271, 231),
           mode='center_crop', resize_short=271)

    def of_half(halves, a, size, resample):
        """A half picture of an odd side reaches half a pixel out of the picture: the box does not."""
        half, box = Image.fromarray(halves[a.shape]), (0, 0, a.shape[1] / 2, a.shape[0] / 2)
        return np.asarray(half.resize(size, resample, box=box))

    for subsampling in (0, 2):
        JPEGS, HALVES = write_jpegs(subsampling)
        for key, value in (('bilinear', 2), ('lanczos', 1)):
            expect(f'files at half size, letterbox, pillow-{key}, subsampling {subsampling}',
                   lambda a, v=value, h=HALVES: nchw(letterbox(a, 160, 114, lambda p, s: of_half(
                       h, p, s, v))).astype('f4') / np.float32(255), frames=JPEGS, jpeg='half-dct',
                   mode='scale_fit', rule='ultralytics', resample=f'pillow-{key}', divide=255)
        expect(f'files in full, subsampling {subsampling}',
               lambda a: nchw(letterbox(np.asarray(Image.open(JPEGS[[p.shape for p in PICTURES].index(
                   a.shape)])), 160, 114, RESIZERS['pillow-bilinear'])).astype('f4'), frames=JPEGS,
               jpeg=None, mode='scale_fit', rule='ultralytics', resample='pillow-bilinear')
    expect('files at half size, stretched, bytes', lambda a: of_half(HALVES, a, (96, 80), 3)[None],
           frames=JPEGS, jpeg='half-dct', mode='scale_fill', resample='pillow-bicubic', layout='nhwc')

if cv2 and Image:
    EVEN, REDUCED, NAMES = {}, {}, []
    for number, pixels in enumerate(PICTURES):
        NAMES.append(os.path.join(FOLDER, f'even{number}.jpg'))
        cv2.imwrite(NAMES[-1], pixels[:pixels.shape[0] & ~1, :pixels.shape[1] & ~1, ::-1])
        REDUCED[pixels.shape] = cv2.imread(NAMES[-1], cv2.IMREAD_REDUCED_COLOR_2)[..., ::-1]
    for key in ('linear', 'area', 'nearest'):
        expect(f'IMREAD_REDUCED_COLOR_2, opencv-{key}', lambda a, k=key: nchw(letterbox(
            REDUCED[a.shape], 128, 114, RESIZERS['opencv-' + k])).astype('f4') / np.float32(255),
               frames=NAMES, jpeg='half-dct', mode='scale_fit', rule='ultralytics',
               resample='opencv-' + key)

if cv2:
    linear = RESIZERS['opencv-linear']
    expect('YOLOX, half precision',
           lambda a: nchw(letterbox(a, 416, 114, linear, False, False)[..., ::-1]).astype('f2'),
           mode='scale_fit', rule='yolox', channels='bgr', dtype='float16', scale=1, divide=1)
    expect('saved as float64', lambda a: nchw(letterbox(a, 320, 114, linear)).astype('f8') / 255,
           dtype='float32', rule='ultralytics', resample='opencv-linear')
    expect('int8, p - 128', lambda a: (letterbox(a, 256, 0, linear).astype('i4') - 128).astype('i1')[None],
           dtype='int8', mean=[128, 128, 128], pad=[0, 0, 0])
    expect('blobFromImage, factor before nothing', lambda a: cv2.dnn.blobFromImage(
        np.ascontiguousarray(a[..., ::-1]), 1 / 255, (224, 224), crop=True),
           mode='center_crop', rule='opencv-dnn', channels='bgr', divide=1)
    expect('blobFromImage, minus mean, times factor', lambda a: cv2.dnn.blobFromImage(
        a, 1 / 127.5, (300, 300), (127.5, 127.5, 127.5)), 1e-4, mode='scale_fill', channels='rgb')
    expect('Caffe means, area', lambda a: nchw(letterbox(a, 300, 128, RESIZERS['opencv-area'])[..., ::-1]
                                               .astype('f4') - np.array([103.939, 116.779, 123.68], 'f4')),
           mean=[103.939, 116.779, 123.68], pad=[128, 128, 128], channels='bgr')
    def quantized(a, mean, std, scale, zero, dtype):
        value = (linear(a, (192, 160)).astype('f4') / np.float32(255) - np.array(mean, 'f4')) / np.array(std, 'f4')
        whole = np.rint(value / np.float32(scale)) + zero
        return np.clip(whole, np.iinfo(dtype).min, np.iinfo(dtype).max).astype(dtype)[None]

    imagenet = ([.485, .456, .406], [.229, .224, .225])
    expect('int8 of a network that takes ImageNet values',
           lambda a: quantized(a, *imagenet, 0.01865845, -14, 'i1'), dtype='int8', divide=255,
           mean=imagenet[0], std=imagenet[1], layout='nhwc')
    expect('uint8, clamped at both ends', lambda a: quantized(a, *imagenet, 0.0125, 100, 'u1'),
           dtype='uint8', mean=imagenet[0], quantization={'scale': 0.0125, 'zero_point': 100})
    expect('a filter that no recipe has', lambda a: cv2.resize(a, (224, 160), interpolation=4)[None], 99,
           verdict='nearest', mode='scale_fill')
    expect('blurred before', lambda a: nchw(linear(cv2.GaussianBlur(a, (5, 5), 1.2), (224, 160))).astype('f4'),
           99, verdict='nearest', mode='scale_fill')
    expect('one gray channel', lambda a: linear(cv2.cvtColor(a, cv2.COLOR_RGB2GRAY), (160, 120))
           [None, None].astype('f4') / np.float32(255), channels='gray', resample='opencv-linear')

    regions = []
    for number, pixels in enumerate(PICTURES):
        regions.append(os.path.join(FOLDER, f'region{number}.frame.json'))
        pixels.tofile(os.path.join(FOLDER, f'{number}.rgb'))
        with open(regions[-1], 'w', encoding='utf-8') as out:
            json.dump({'format': 'rgb24', 'width': pixels.shape[1], 'height': pixels.shape[0],
                       'roi': [31, 20, 222, 301], 'planes': [{'file': f'{number}.rgb'}]}, out)
    expect('regions of frames', lambda a: nchw(letterbox(a[20:321, 31:253], 160, 114, linear)).astype('f4'),
           frames=regions, mode='scale_fit', rule='ultralytics', resample='opencv-linear', divide=1)

    descriptions, planes = [], []
    for number, pixels in enumerate(PICTURES):
        even = np.ascontiguousarray(pixels[:pixels.shape[0] // 2 * 2, :pixels.shape[1] // 2 * 2])
        height, width = even.shape[:2]
        yuv = cv2.cvtColor(even, cv2.COLOR_RGB2YUV_I420)
        yuv.tofile(os.path.join(FOLDER, f'{number}.i420'))
        planes.append(yuv)
        descriptions.append(os.path.join(FOLDER, f'{number}.frame.json'))
        with open(descriptions[-1], 'w', encoding='utf-8') as out:
            json.dump({'format': 'i420', 'width': width, 'height': height, 'matrix': 'bt709',
                       'range': 'full', 'planes': [{'file': f'{number}.i420'}]}, out)
    by_size = {p.shape: y for p, y in zip(PICTURES, planes)}
    expect('YUV frames, converted by OpenCV', lambda a: nchw(letterbox(
        cv2.cvtColor(by_size[a.shape], cv2.COLOR_YUV2RGB_I420), 320, 114, linear)).astype('f4') / np.float32(255),
           frames=descriptions, matrix='opencv-nv12', range='limited', rule='ultralytics')

if torch:
    for key, options in (('torch-bilinear', {}), ('torch-bilinear-aa', {'antialias': True}),
                         ('torch-bilinear-corners', {'align_corners': True})):
        def interpolate(a, o=options):
            planes = torch.from_numpy(a.copy()).permute(2, 0, 1)[None].float()
            return functional.interpolate(planes, size=(188, 252), mode='bilinear', **o).numpy()

        expect(key, lambda a: interpolate(a) / np.float32(255), 3e-4, mode='scale_fill', resample=key)
        if not options:
            continue  # in bytes torch-bilinear is tf2-bilinear
        expect(f'{key}, bytes', lambda a: np.rint(interpolate(a)).astype('u1'), 1.0,
               mode='scale_fill', resample=key, divide=1, std=[1, 1, 1])
else:
    tap.skip('recipes of torch', 'torch is not installed')


def undecided():
    """A frame of 2:1 cannot tell the letterboxes of two rules apart, nor a halving the linear from the
    area filter; the answer says what would, and a frame of that size does."""
    path = os.path.join(FOLDER, 'even.bmp')
    even = PICTURES[2][:320, :640]
    write_bmp(path, even)
    tensor = nchw(np.vstack([even[::2, ::2], np.full((160, 320, 3), 114, 'u1')])).astype('f4')
    found, why = fit([path], [tensor])
    rules = {u['also'] for u in found['undecided'] if u['field'] == 'rule'} if found else set()
    tap.check('what the pairs cannot decide is said, with a frame that would',
              bool(rules) and all(u['frame'][0] > 0 for u in found['undecided'] if u['field'] == 'rule'),
              [why, str(found)])
    if not cv2:
        return
    base = cv2.resize(PICTURES[0], (1500, 1100))
    frames, tensors, sizes = [], [], [(640, 320)]
    while sizes and len(frames) < 5:
        frames.append(os.path.join(FOLDER, f'more{len(frames)}.bmp'))
        pixels = np.ascontiguousarray(cv2.resize(base, tuple(sizes[0])))
        write_bmp(frames[-1], pixels)
        tensors.append(nchw(letterbox(pixels, 320, 114, RESIZERS['opencv-linear'], False, False)).astype('f4'))
        found, why = fit(frames, tensors)
        sizes = [u['frame'] for u in found['undecided'] if u['frame'][0] > 0] if found else []
    recipe = found['preprocess'] if found else {}
    tap.check('frames of the sizes it asks for decide', not sizes and len(frames) > 1 and
              (recipe.get('rule'), recipe.get('resample')) == ('yolox', 'opencv-linear'), [why, str(found)])


undecided()
noise = np.random.default_rng(1).random((1, 3, 64, 64), 'f4')
answer, message = fit([FRAMES[0]], [noise])
tap.check('a tensor of something else is not explained away',
          answer is None or answer['residual']['max'] > 20, [str(answer)])
for bad, word in ((np.zeros((1, 7, 9, 5), 'f4'), 'picture'), (np.full((1, 3, 8, 8), np.nan, 'f4'), 'number'),
                  (np.zeros((1, 3, 8, 8), 'i8'), 'int64'), (np.ones((1, 3, 8, 8), 'f4'), 'nothing in common')):
    answer, message = fit([FRAMES[0]], [bad])
    tap.check(f'a named error: {word}', answer is None and word in message, [message])
tap.done()
