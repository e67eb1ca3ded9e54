"""Makes the compressed bodies that inflate_test.cpp reads, with Python's own gzip and zlib. Run in this folder."""
import gzip
import json
import zlib

text = json.dumps([{"id": i, "name": f"row {i}", "value": i / 7} for i in range(200)]).encode()
open("rows.json", "wb").write(text)
open("rows.json.gz", "wb").write(gzip.compress(text[:5000], mtime=0) + gzip.compress(text[5000:], mtime=0))  # two members
open("rows.json.zz", "wb").write(zlib.compress(text))
open("bomb.gz", "wb").write(gzip.compress(b"a" * 1_000_000, mtime=0))
