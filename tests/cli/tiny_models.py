# SPDX-License-Identifier: Apache-2.0
"""The smallest models worth running, written byte by byte: a picture of two columns is reshaped
to rows of six numbers, so that the pixels themselves are the boxes."""
import struct

# --- ONNX, a protocol buffer ---


def varint(value):
    out = b""
    while True:
        out += bytes([value & 127 | (128 if value > 127 else 0)])
        value >>= 7
        if not value:
            return out


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def value_info(name, shape):
    dims = b"".join(text(1, number(1, side)) for side in shape)
    tensor = number(1, 1) + text(2, dims)  # float32
    return text(1, name) + text(2, text(1, tensor))


def onnx_reshape(rows, output="rows"):
    """input [1, rows, 2, 3] -> output [1, rows, 6]"""
    shape = number(1, 3) + number(2, 7) + text(8, "shape") + text(9, struct.pack("<3q", 1, rows, 6))
    node = text(1, "input") + text(1, "shape") + text(2, output) + text(3, output) + text(
        4, "Reshape")
    graph = (text(1, node) + text(2, "tiny") + text(5, shape) +
             text(11, value_info("input", [1, rows, 2, 3])) +
             text(12, value_info(output, [1, rows, 6])))
    return number(1, 7) + text(7, graph) + text(8, text(1, "") + number(2, 11))


# --- TensorFlow Lite, a flat buffer: children are written behind their parents, since offsets
# only point forward ---


class Table:
    def __init__(self, **fields):
        """field index (f0, f1, ...) = (format, number) or an object to point to"""
        self.fields = {int(name[1:]): value for name, value in fields.items()}

    def write(self, out):
        count = max(self.fields) + 1 if self.fields else 0
        while len(out) % 8 != (0 if count % 2 == 0 else 2):
            out.append(0)
        start = len(out)
        size = 4 + 4 * len(self.fields)
        slots = {index: 4 + 4 * i for i, index in enumerate(sorted(self.fields))}
        out += struct.pack("<HH", 4 + 2 * count, size)
        out += b"".join(struct.pack("<H", slots.get(i, 0)) for i in range(count))
        while len(out) % 4:
            out.append(0)
        place = len(out)
        out += struct.pack("<i", place - start) + bytes(size - 4)
        for index, value in sorted(self.fields.items()):
            at = place + slots[index]
            if isinstance(value, tuple):
                struct.pack_into("<" + value[0], out, at, value[1])
            else:
                child = value.write(out)
                struct.pack_into("<I", out, at, child - at)
        return place


class Numbers:
    def __init__(self, code, *values):
        self.code, self.values = code, values

    def write(self, out):
        while (len(out) + 4) % 8:
            out.append(0)
        place = len(out)
        out += struct.pack(f"<I{len(self.values)}{self.code}", len(self.values), *self.values)
        return place


class String:
    def __init__(self, value):
        self.value = value.encode()

    def write(self, out):
        while len(out) % 4:
            out.append(0)
        place = len(out)
        out += struct.pack("<I", len(self.value)) + self.value + b"\0"
        return place


class List:
    def __init__(self, *items):
        self.items = items

    def write(self, out):
        while len(out) % 4:
            out.append(0)
        place = len(out)
        out += struct.pack("<I", len(self.items)) + bytes(4 * len(self.items))
        for i, item in enumerate(self.items):
            at = place + 4 + 4 * i
            struct.pack_into("<I", out, at, item.write(out) - at)
        return place


def tflite_reshape(rows, scale=0.5, zero_point=2):
    """uint8 input [1, rows, 2, 3] -> rows [1, rows, 6]; real = (stored - zero_point) * scale"""
    def tensor(name, *shape):
        quantization = Table(f2=Numbers("f", scale), f3=Numbers("q", zero_point))
        return Table(f0=Numbers("i", *shape), f1=("b", 3), f2=("I", 0), f3=String(name),
                     f4=quantization)

    reshape = Table(f0=("I", 0), f1=Numbers("i", 0), f2=Numbers("i", 1), f3=("B", 17),
                    f4=Table(f0=Numbers("i", 1, rows, 6)))
    graph = Table(f0=List(tensor("input", 1, rows, 2, 3), tensor("rows", 1, rows, 6)),
                  f1=Numbers("i", 0), f2=Numbers("i", 1), f3=List(reshape), f4=String("main"))
    model = Table(f0=("I", 3), f1=List(Table(f0=("b", 22), f2=("i", 1), f3=("i", 22))),
                  f2=List(graph), f3=String("tiny"), f4=List(Table()))
    out = bytearray(b"\0\0\0\0TFL3")
    struct.pack_into("<I", out, 0, model.write(out))
    return bytes(out)
