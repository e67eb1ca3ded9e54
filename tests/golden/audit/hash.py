"""Prints the hash that src/audit/event_store_test.cpp expects of its first event, computed by Python alone."""
import hashlib
import json

record = {
    "seq": 1, "time": "2013-04-03T14:40:00.123Z", "actor": "ana", "action": "version.registered",
    "object": "models/größe/versions/1", "before_hash": "", "after_hash": "a1", "request_id": "r-1",
    "detail": {"z": 1, "a": [0.5, True, None, 'q"\n']}, "previous": "0" * 64,
}
text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
print(hashlib.sha256(text.encode()).hexdigest())
