#!/usr/bin/env python3
"""Writes the initial inputs of the fuzz targets, corpus/TARGET/NAME: valid files, each with different features.
Inputs worth keeping from hours of fuzzing are added by hand (`fuzz_NAME -merge=1`)."""

import gzip
import io
import json
import pathlib
import struct
import zipfile
import zlib

corpus = pathlib.Path(__file__).resolve().parent / "corpus"


def put(target, name, data):
    folder = corpus / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


put("safetensors", "float", safetensors({"__metadata__": {"format": "pt"}, "a.weight": entry("F32", [1, 2], 0, 8)}, bytes(8)))
put("safetensors", "types", safetensors({"h": entry("F16", [2], 0, 4), "b": entry("BF16", [1, 2], 4, 8),
                                         "i": entry("I64", [], 8, 16), "m": entry("BOOL", [2], 16, 18),
                                         "f": entry("F8_E4M3", [2], 18, 20), "d": entry("F64", [0, 3], 20, 20)}, bytes(20)))
put("safetensors", "list", safetensors(b'{"__metadata__":null,"\\u00e4":["F32",[1],[0,4]],"b":{"x":[{"y":1e3}],"dtype":"U8","shape":[],"data_offsets":[4,5]}} ', bytes(5)))
put("safetensors", "none", safetensors({}))


def npy(header, data, version=1):
    text = header.encode()
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + data


plain = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }\n", bytes(8))
arrays = {
    "plain": plain,
    "fortran": npy("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 2, 1), }\n", bytes(8), 2),
    "python2": npy("{'shape': (2L,), \"descr\": \"|u1\", 'fortran_order': False}", bytes(2)),
    "half": npy("{'descr': '<f2', 'fortran_order': False, 'shape': (), }\n", bytes(2), 3),
    "fields": npy("{'descr': [('x', '<f4'), ('y', '<i2', (3,))], 'fortran_order': False, 'shape': (1,), }\n", bytes(10)),
    "text": npy("{'descr': '<U3', 'fortran_order': False, 'shape': (1,), }\n", bytes(12)),
    "empty": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }\n", b""),
}
for name, data in arrays.items():
    put("npy", name, data)
put("npy", "gzip", gzip.compress(plain, mtime=0))


def archive(members, compression):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        for name, data in members.items():
            file.writestr(zipfile.ZipInfo(name), data, compress_type=compression)
    return out.getvalue()


put("npz", "stored", archive({"a.npy": arrays["plain"], "README": b"hello"}, zipfile.ZIP_STORED))
put("npz", "deflated", archive({"a.npy": arrays["fortran"], "b.npy": arrays["text"]}, zipfile.ZIP_DEFLATED))
put("npz", "none", archive({}, zipfile.ZIP_STORED))

# The first two bytes choose the options.
put("csv", "numbers", b"\0\0" + b"1,-2.5,3e10\n4,,NA\r\nTrue,inf,1e400\n")
put("csv", "header", bytes([4 | 8 | 64, 1]) + b'a,"b ""c"""\n1,x\n2,"y\nz"\n,\n')
put("csv", "comma", bytes([1 | 16 | 32, 0]) + b"# by hand\r1,5;2,5\r3;4 # end\r")
put("csv", "blanks", bytes([2 | 128, 0]) + b"  x  1 \t 2\n y 3 4\n")
put("csv", "gzip", b"\0\0" + gzip.compress(b"1,2\n3,4\n", mtime=0))


def idx(extents, data):
    return struct.pack(">HBB", 0, 8, len(extents)) + b"".join(struct.pack(">I", each) for each in extents) + data


put("idx", "images", b"\3" + idx([2, 3, 4], bytes(24)))
put("idx", "labels", b"\1" + idx([3], b"\1\2\3"))
put("idx", "gzip", b"\1" + gzip.compress(idx([3], b"\1\2\3"), mtime=0))
put("idx", "none", b"\2" + idx([0, 5], b""))

put("cifar", "one", b"\3" + bytes(3072))
put("cifar", "gzip", gzip.compress((b"\3" + bytes(3072)) * 2, mtime=0))

# A generator's state as std::mt19937_64 writes it: 312 words and a position among them.
generator = " ".join(str(zlib.crc32(bytes([i & 255])) + i) for i in range(312)) + " 7"
put("checkpoint", "first", safetensors(
    {"__metadata__": {"format": "xgrad checkpoint 1", "generator": generator, "one.": "", "two.": "", "one.k": "v"},
     "one.a": entry("F32", [2], 0, 8), "two.b": entry("F64", [1, 1], 8, 16)}, bytes(16)))
