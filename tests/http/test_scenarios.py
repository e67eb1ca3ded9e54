"""What the server answers, as a table: a request, and what its answer must be. One line of the table is one test."""

import gzip
import json
import re

import pytest
import requests

LATE = {"carrier": "AA", "hour": 7, "distance": 500.5}
BARE = {"f0": 1, "f1": 1, "f2": 0, "f3": 1}
ANSWERED = {"mlean-model-version": "1", "mlean-variant": "champion", "Content-Type": "application/json"}
PLAIN = {"Content-Type": r"text/plain; charset=utf-8"}


def tensor(data, shape, datatype="FP32", name="input", **more):
    return {"inputs": [{"name": name, "shape": shape, "datatype": datatype, "data": data}], **more}


def columns(datatypes=("BYTES", "INT64", "FP32"), **values):
    """One tensor for each column; a value is the list of its rows."""
    kinds = dict(zip(("carrier", "hour", "distance"), datatypes))
    return {"inputs": [{"name": n, "shape": [len(v)], "datatype": kinds[n], "data": v} for n, v in values.items()]}


ROW = columns(carrier=["AA"], hour=[7], distance=[500.5])
INFER = "POST /v2/models/bare/infer"
LATE_INFER = "POST /v2/models/late/infer"
PREDICT = "POST /predict/late"
API = "/api/mlean/v1"

# name, request, body (an object is sent as JSON, a text as it is), status, texts that the answer contains, texts that it lacks,
# headers (patterns; None: must be absent)
SCENARIOS = [
    # probes
    ("health", "GET /health", None, 200, ["OK"], [], PLAIN),
    ("health by HEAD", "HEAD /health", None, 200, [], [], {"Content-Length": "2"}),
    ("ready", "GET /ready", None, 200, ["OK"], [], PLAIN),
    ("version", "GET /version", None, 200, ["0."], ["{"], PLAIN),
    ("metrics", "GET /metrics", None, 200, ["# TYPE mlean_predictions_total counter", "process_resident_memory_bytes"], [],
     {"Content-Type": r"text/plain; version=0\.0\.4.*"}),
    ("status page", "GET /", None, 200, ["<html"], [], {"Content-Type": "text/html.*"}),
    ("no such path", "GET /nope", None, 404, ['{"error":', "'/nope'"], [], {"Content-Type": "application/json"}),
    ("wrong method", "POST /health", {}, 405, ['{"error":'], [], {"Allow": ".*GET.*"}),
    ("a path that leaves the tree", "GET /predict/..%2f..%2fetc%2fpasswd", None, 405, [], ["root:"], {}),
    ("a path that is no text", "GET /predict/%ff", None, 400, ["not UTF-8"], [], {}),
    # Open Inference v2: metadata
    ("v2 server", "GET /v2", None, 200, ['"name":"mlean"', '"extensions":'], [], {}),
    ("v2 live", "GET /v2/health/live", None, 200, ['{"live":true}'], [], {}),
    ("v2 ready", "GET /v2/health/ready", None, 200, ['{"ready":true}'], [], {}),
    ("v2 metadata", "GET /v2/models/late", None, 200,
     ['"name":"late"', '"versions":["1"]', '{"name":"carrier","datatype":"BYTES","shape":[-1]}',
      '{"name":"hour","datatype":"INT64","shape":[-1]}', '{"name":"predict","datatype":"FP32","shape":[-1]}'], [], {}),
    ("v2 metadata of classes", "GET /v2/models/classes", None, 200, ['{"name":"predict","datatype":"FP32","shape":[-1,3]}'], [], {}),
    ("v2 metadata of a version", "GET /v2/models/bare/versions/2", None, 200, ['"versions":["1","2"]'], [], {}),
    ("v2 metadata of no model", "GET /v2/models/lates", None, 404, ['{"error":"', "'lates'", "did you mean 'late'"], [], {}),
    ("v2 metadata of no version", "GET /v2/models/bare/versions/9", None, 404, ['{"error":"'], [], {}),
    ("v2 model ready", "GET /v2/models/late/ready", None, 200, ['"ready":true'], [], {}),
    ("v2 version ready", "GET /v2/models/bare/versions/2/ready", None, 200, ['"ready":true'], [], {}),
    ("v2 no such version ready", "GET /v2/models/bare/versions/9/ready", None, 400, ['"ready":false'], [], {}),
    ("v2 no such model ready", "GET /v2/models/nope/ready", None, 404, ['{"error":"'], [], {}),
    ("v2 index", "POST /v2/repository/index", {}, 200, ['"name":"bare","version":"2","state":"READY"'], [], {}),
    # Open Inference v2: infer
    ("a matrix", INFER, tensor([1, 1, 0, 1, 0, 0, 0, 0], [2, 4]), 200, ['"model_name":"bare"', '"shape":[2]'], [], ANSWERED),
    ("nested data", INFER, tensor([[1, 1, 0, 1], [0, 0, 0, 0]], [2, 4]), 200, ['"shape":[2]'], [], ANSWERED),
    ("a matrix of whole numbers", INFER, tensor([1, 1, 0, 1], [1, 4], "INT8"), 200, ['"shape":[1]'], [], ANSWERED),
    ("no rows", INFER, tensor([], [0, 4]), 200, ['"shape":[0],"data":[]'], [], ANSWERED),
    ("the id comes back", INFER, tensor([1, 1, 0, 1], [1, 4], id="mine"), 200, ['"id":"mine"'], [], ANSWERED),
    ("three classes", "POST /v2/models/classes/infer", tensor([1, 1, 0, 1], [1, 4]), 200, ['"shape":[1,3]'], [], ANSWERED),
    ("the output by name", INFER, tensor([1, 1, 0, 1], [1, 4], outputs=[{"name": "predict"}]), 200, ['"predict"'], [], ANSWERED),
    ("no such output", INFER, tensor([1, 1, 0, 1], [1, 4], outputs=[{"name": "logits"}]), 400, ["'logits'", "'predict'"], [], {}),
    ("one tensor a column", LATE_INFER, ROW, 200, ['"shape":[1]'], [], ANSWERED),
    ("a column as [rows, 1]", INFER,
     {"inputs": [{"name": f"f{i}", "shape": [1, 1], "datatype": "FP64", "data": [[i]]} for i in range(4)]}, 200, [], [], ANSWERED),
    ("an unknown category is missing", LATE_INFER, columns(carrier=["ZZ"], hour=[7], distance=[1]), 200, [], [], ANSWERED),
    ("NaN in a tensor is missing", INFER, json.dumps(tensor([1, float("nan"), 0, 1], [1, 4])), 200, [], ["NaN"], ANSWERED),
    ("null in a tensor is missing", INFER, tensor([1, None, 0, 1], [1, 4]), 200, [], [], ANSWERED),
    ("a column missing", LATE_INFER, columns(carrier=["AA"], hour=[7]), 400, ['{"error":', "'distance' is missing"], [], {}),
    ("too few columns", INFER, tensor([1, 1, 0], [1, 3]), 400, ["3 columns, the model has 4"], [], {}),
    ("fewer values than the shape", INFER, tensor([1, 1, 0], [1, 4]), 400, ["3 values", "asks for 4"], [], {}),
    ("more values than the shape", INFER, tensor([1] * 5, [1, 4]), 400, ["more than the 4 values"], [], {}),
    ("a negative shape", INFER, tensor([1] * 4, [-1, 4]), 400, ["shape"], [], {}),
    ("an empty shape", INFER, tensor([1] * 4, []), 400, ["shape"], [], {}),
    ("a huge shape", INFER, tensor([1], [10**9, 10**9]), 413, ["elements"], [], {}),
    ("columns of different lengths", LATE_INFER, columns(carrier=["AA"], hour=[7, 8], distance=[1]), 400, ["'hour': 2 rows"], [], {}),
    ("a column twice", LATE_INFER, {"inputs": ROW["inputs"] + ROW["inputs"][:1]}, 400, ["twice"], [], {}),
    ("no such datatype", INFER, tensor([1] * 4, [1, 4], "FLOAT"), 400, ["'FLOAT' is not known"], [], {}),
    ("a text among numbers", INFER, tensor([1, "x", 0, 1], [1, 4]), 400, ["element 1 must be FP32, not a string"], [], {}),
    ("a number among texts", LATE_INFER, columns(carrier=[5], hour=[7], distance=[1]), 400, ["'carrier'", "must be BYTES"], [], {}),
    ("out of INT8", INFER, tensor([1, 1, 0, 200], [1, 4], "INT8"), 400, ["element 3 is out of the range of INT8: 200"], [], {}),
    ("below UINT8", INFER, tensor([1, 1, 0, -1], [1, 4], "UINT8"), 400, ["out of the range of UINT8: -1"], [], {}),
    ("out of INT64", INFER, tensor([1, 1, 0, 9223372036854775808], [1, 4], "INT64"), 400, ["out of the range of INT64"], [], {}),
    ("out of FP32", INFER, tensor([1, 1, 0, 1e39], [1, 4]), 400, ["out of the range of FP32"], [], {}),
    ("FP64 over 32 bits", INFER, tensor([1, 1, 0, 1e300], [1, 4], "FP64"), 400, ["element 3", "32-bit float"], [], {}),
    ("a fraction as INT32", INFER, tensor([1, 1, 0, 1.5], [1, 4], "INT32"), 400, ["must be INT32, not 1.5"], [], {}),
    ("a fraction for a whole column", LATE_INFER, columns(("BYTES", "FP32", "FP32"), carrier=["AA"], hour=[7.5], distance=[1]), 400,
     ["column 'hour'"], [], {}),
    ("no inputs", INFER, {"inputs": []}, 400, ["at least one tensor"], [], {}),
    ("no member inputs", INFER, {}, 400, ["'inputs'"], [], {}),
    ("a list", INFER, [], 400, ["must be an object"], [], {}),
    ("broken JSON", INFER, '{"inputs":[', 400, ["cannot parse JSON: 1:"], [], {}),
    ("nested too deep", INFER, "[" * 100_000, 400, ["cannot parse JSON"], [], {}),
    ("no body", INFER, "", 400, ["cannot parse JSON"], [], {}),
    ("no such model", "POST /v2/models/nope/infer", tensor([1] * 4, [1, 4]), 404, ["'nope'"], [], {"mlean-model-version": None}),
    ("a version", "POST /v2/models/bare/versions/2/infer", tensor([1] * 4, [1, 4]), 200, ['"model_version":"2"'], [],
     {"mlean-model-version": "2", "mlean-variant": None}),
    ("no such version", "POST /v2/models/bare/versions/9/infer", tensor([1] * 4, [1, 4]), 404, ["version 9"], [], {}),
    ("infer by GET", "GET /v2/models/bare/infer", None, 405, ['{"error":'], [], {"Allow": ".*POST.*"}),
    # /predict
    ("an object", PREDICT, LATE, 200, ['{"prediction":', '"label":"', '"version":"1"}'], ["["], ANSWERED),
    ("a list", PREDICT, [LATE, LATE], 200, ['[{"prediction":', '},{"prediction":'], [], ANSWERED),
    ("a list of lists", PREDICT, [["AA", 7, 500.5]], 200, ['[{"prediction":'], [], ANSWERED),
    ("an empty list", PREDICT, [], 200, ["[]"], ["prediction"], ANSWERED),
    ("null is missing", PREDICT, LATE | {"distance": None}, 200, ['"prediction"'], [], ANSWERED),
    ("an extra column is ignored", PREDICT, LATE | {"gate": "B4"}, 200, ['"prediction"'], [], ANSWERED),
    ("a category never seen", PREDICT, LATE | {"carrier": "ZZ"}, 200, ['"prediction"'], [], ANSWERED),
    ("three classes by name", "POST /predict/classes", BARE, 200, ['{"prediction":[', '"label":"'], [], ANSWERED),
    ("a regression has no label", "POST /predict/price", BARE, 200, ['{"prediction":'], ["label"], ANSWERED),
    ("the champion by name", "POST /predict/bare@champion", BARE, 200, ['"version":"1"'], [], ANSWERED),
    ("an alias", "POST /predict/bare@stable", BARE, 200, ['"version":"2"'], [], {"mlean-model-version": "2", "mlean-variant": None}),
    ("a version of its own", "POST /predict/bare/versions/2", BARE, 200, ['"version":"2"'], [], {"mlean-model-version": "2"}),
    ("no such alias", "POST /predict/bare@gold", BARE, 404, ['{"detail":[{"loc":["body"]', "alias 'gold'"], [], {}),
    ("no such version number", "POST /predict/bare/versions/x", BARE, 404, ['"detail"', "version 'x'"], [], {}),
    ("no such name", "POST /predict/nope", BARE, 404, ['"detail"', "'nope'"], [], {}),
    ("a missing column", PREDICT, {"carrier": "AA", "hour": 7}, 422,
     ['"detail":[{"loc":["body","distance"]', "column 'distance' is missing", '"type":'], ["prediction"], {"mlean-model-version": None}),
    ("a missing column in a list", PREDICT, [LATE, {"carrier": "AA", "hour": 7}], 422, ['["body","distance"]', "row 1"], [], {}),
    ("a wrong type", PREDICT, LATE | {"hour": "7"}, 422, ['["body","hour"]', "must be an integer, not a string"], [], {}),
    ("a fraction", PREDICT, LATE | {"hour": 7.5}, 422, ['["body","hour"]', "not 7.5"], [], {}),
    ("an object in an object", PREDICT, LATE | {"hour": {"at": 7}}, 422, ['["body","hour"]'], [], {}),
    ("out of the range of a float", PREDICT, LATE | {"distance": 1e60}, 422, ['["body","distance"]', "1e+60"], [], {}),
    ("NaN is no JSON", PREDICT, json.dumps(LATE | {"distance": float("nan")}), 422, ["cannot parse JSON"], [], {}),
    ("NaN in a list is none either", PREDICT, json.dumps([LATE | {"distance": float("nan")}]), 422, ["cannot parse JSON"], [], {}),
    ("JSON that breaks off", PREDICT, '{"carrier":"AA",', 422, ['"detail":[{"loc":["body"]', "cannot parse JSON: 1:"], [], {}),
    ("two objects", PREDICT, json.dumps(LATE) * 2, 422, ["cannot parse JSON"], [], {}),
    ("not UTF-8", PREDICT, b'{"carrier":"\xff\xfe","hour":7,"distance":1}', 422, ['"detail"'], [], {}),
    ("a number", PREDICT, 5, 422, ["must be an object"], [], {}),
    ("a list of numbers", PREDICT, [1, 2], 422, ["row 0"], [], {}),
    ("nothing", PREDICT, "", 422, ["found the end"], [], {}),
    ("a list too long", PREDICT, "[" + ",".join(["0"] * 100_001) + "]", 413, ['"detail"', "100001 rows"], [], {}),
    ("predict by GET", "GET /predict/late", None, 405, ['"detail":[{"loc":["body"]'], [], {"Allow": ".*POST.*"}),
    ("predict by DELETE", "DELETE /predict/late", None, 405, ['"detail"'], [], {}),
    ("20 MB", PREDICT, b"[" + b" " * (20 << 20) + b"]", 413, ['"detail"', "16777216"], [], {}),
    # our own API
    ("models", f"GET {API}/models", None, 200, ['"name":"bare"', '"champion":1', '"candidate":null'], [], {}),
    ("versions", f"GET {API}/models/bare/versions", None, 200, ['"version":2', '"aliases":["stable"]', '"digest":"'], [], {}),
    ("versions of no model", f"GET {API}/models/nope/versions", None, 404, ['{"error":"', '"fix":"mlean models list"'], [], {}),
    ("windows", f"GET {API}/models/bare/windows", None, 200, ['{"windows":[]}'], [], {}),
    ("windows of no model", f"GET {API}/models/nope/windows", None, 404, ['{"error":"', "'nope'", '"fix":"mlean models list"'], [], {}),
    ("observe what is not in mlean.yaml", f"GET {API}/models/bare/observe", None, 404, ["'bare'", "mlean.yaml"], [], {}),
    ("observe at no time", f"GET {API}/models/bare/observe?from=noon", None, 400, ["'noon'"], [], {}),
    ("turns", f"GET {API}/turns", None, 200, ['{"turns":[]}'], [], {}),
    ("no such turn", f"GET {API}/turns/x", None, 404, ["turn 'x'"], [], {}),
    ("a turn of no model", f"POST {API}/turns", {"model": "nope"}, 404, ["'nope'"], [], {}),
    ("a turn of what?", f"POST {API}/turns", {}, 400, ["'model'"], [], {}),
    ("a turn in broken JSON", f"POST {API}/turns", "{", 400, ["cannot parse JSON"], [], {}),
    ("rollouts", f"GET {API}/rollouts", None, 200, ['{"rollouts":[]}'], [], {}),
    ("abort no rollout", f"POST {API}/rollouts/x/abort", {}, 404, ["'x'"], [], {}),
    ("alerts", f"GET {API}/alerts", None, 200, ['{"alerts":[]}'], [], {}),
    ("audit", f"GET {API}/audit?limit=2", None, 200, ['"seq":1', '"seq":2', '"hash":"'], ['"seq":3'], {}),
    ("audit verify", f"GET {API}/audit/verify", None, 200, ['"intact":true'], [], {}),
    ("labels that are no list", f"POST {API}/models/bare/labels", {}, 400, ["expected a list"], [], {}),
    ("a label without id", f"POST {API}/models/bare/labels", [{"label": 1}], 400, ["'id'"], [], {}),
    ("a label without label", f"POST {API}/models/bare/labels", [{"id": "a"}], 400, ["'a'", "'label'"], [], {}),
    ("labels of no model", f"POST {API}/models/nope/labels", [{"id": "a", "label": 1}], 404, ["nope"], [], {}),
    ("tick", f"POST {API}/tick", {}, 200, ['"problems":[]'], [], {}),
    ("sync", f"POST {API}/sync", {}, 200, ['"synced":'], [], {}),
]  # fmt: skip


def send(live, request, body):
    method, path = request.split(" ")
    headers = {} if body is None else {"Content-Type": "application/json"}
    if isinstance(body, str):
        body = body.encode()
    elif body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return live.session.request(method, live.url + path, data=body, headers=headers, timeout=30)


@pytest.mark.parametrize("request_line, body, status, contains, lacks, headers", [s[1:] for s in SCENARIOS], ids=[s[0] for s in SCENARIOS])
def test_scenario(zoo, request_line, body, status, contains, lacks, headers):
    reply = send(zoo, request_line, body)
    assert reply.status_code == status, reply.text
    for text in contains:
        assert text in reply.text, reply.text
    for text in lacks:
        assert text not in reply.text, reply.text
    for name, pattern in ({"X-Content-Type-Options": "nosniff"} | headers).items():
        value = reply.headers.get(name)
        if pattern is None:
            assert value is None, f"{name}: {value}"
        else:
            assert value is not None and re.fullmatch(pattern, value), f"{name}: {value}"


def test_every_error_is_json_of_its_dialect(zoo):
    """Whatever goes wrong, a client that parses the body finds the dialect's member."""
    for name, request, body, status, *_ in SCENARIOS:
        method, path = request.split(" ")
        if status < 400 or method == "HEAD" or path.endswith("/ready"):
            continue
        reply = send(zoo, request, body)
        answer = reply.json()
        if path.startswith("/predict/"):
            assert [set(one) for one in answer["detail"]] == [{"loc", "msg", "type"}], (name, answer)
        else:
            assert set(answer) <= {"error", "fix"} and answer["error"], (name, answer)
        assert reply.headers["X-Request-Id"], name


def test_no_refusal_was_counted_as_an_answer(zoo):
    """Wrong requests are neither answered nor logged: only a right one moves the counter."""

    def answered():
        found = re.search(r'^mlean_predictions_total\{model="late",variant="champion"\} (\S+)$', zoo.get("/metrics").text, re.M)
        return float(found[1]) if found else 0.0

    before = answered()
    for body in ('{"carrier":"AA"}', "{", "[", '{"carrier":"AA","hour":"x","distance":1}'):
        assert zoo.post("/predict/late", data=body).status_code == 422
    assert answered() == before
    assert zoo.post("/predict/late", json=LATE).status_code == 200
    assert answered() == before + 1


def test_the_server_outlives_100_mb(zoo):
    """Refused from its head, refused while it comes in chunks, and refused after it was unpacked."""
    def chunks():
        for _ in range(100):
            yield b" " * (1 << 20)

    def resident():
        return float(re.search(r"^process_resident_memory_bytes (\S+)$", zoo.get("/metrics").text, re.M)[1])

    def send_all():
        for path in ("/predict/late", "/v2/models/bare/infer"):
            assert refused(zoo, path, data=b" " * (100 << 20)) in (413, None)
            assert refused(zoo, path, data=chunks()) in (413, None)
            assert refused(zoo, path, data=packed, headers={"Content-Encoding": "gzip"}) == 413
        assert zoo.get("/health").text == "OK"
        assert zoo.post("/predict/late", json=LATE).status_code == 200

    # What the first round leaves is the allocator's (under a sanitizer a lot of it); a second one must not add to it.
    packed = gzip.compress(b"[" + b" " * (100 << 20) + b"]", 1)
    send_all()
    before = resident()
    send_all()
    held = resident() - before
    assert held < 50e6, f"{held:.0f} bytes are still held"


def refused(live, path, **options):
    """The status; None when the server closed the connection before it had read everything, which cuts the client off."""
    try:
        return live.post(path, **options).status_code
    except requests.exceptions.ConnectionError:
        return None
