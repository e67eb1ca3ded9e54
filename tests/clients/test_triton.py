"""NVIDIA's own client for the Open Inference Protocol, `tritonclient`, against our server."""

import numpy as np
import pytest
import tritonclient.http as triton
from models import as_delays, delays, numbers
from tritonclient.utils import InferenceServerException


@pytest.fixture
def client(zoo):
    with triton.InferenceServerClient(zoo.url.removeprefix("http://")) as client:
        yield client


def tensor(name, values, datatype):
    made = triton.InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=False)
    return made


def infer(client, model, inputs, **options):
    wanted = [triton.InferRequestedOutput("predict", binary_data=False)]
    return client.infer(model, inputs, outputs=wanted, **options)


def delay_tensors(frame):
    return [
        tensor("carrier", frame.carrier.to_numpy(dtype=object), "BYTES"),
        tensor("hour", frame.hour.to_numpy(dtype=np.int64), "INT64"),
        tensor("distance", frame.distance.to_numpy(dtype=np.float32), "FP32"),
    ]


def test_liveness(client):
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("late") and client.is_model_ready("bare", "2")
    assert not client.is_model_ready("bare", "9") and not client.is_model_ready("nope")


def test_metadata(client):
    assert client.get_server_metadata()["name"] == "mlean"
    about = client.get_model_metadata("late")
    assert about["name"] == "late" and about["versions"] == ["1"]
    assert [(i["name"], i["datatype"], i["shape"]) for i in about["inputs"]] == [
        ("carrier", "BYTES", [-1]), ("hour", "INT64", [-1]), ("distance", "FP32", [-1])]  # fmt: skip
    assert about["outputs"] == [{"name": "predict", "datatype": "FP32", "shape": [-1]}]
    index = {(one["name"], one["version"]): one["state"] for one in client.get_model_repository_index()}
    assert index[("bare", "1")] == index[("bare", "2")] == "READY"


@pytest.mark.parametrize("model, version, name", [("bare", "", "bare"), ("bare", "2", "bare2"), ("classes", "", "classes"), ("price", "", "price")])
def test_a_matrix(client, zoo, model, version, name):
    x = numbers()[0]
    expected = zoo.models[name].predict(x)
    answer = infer(client, model, [tensor("input", x, "FP32")], model_version=version, request_id="r-1")
    values = answer.as_numpy("predict")
    assert values.dtype == np.float32 and values.shape == expected.shape
    np.testing.assert_allclose(values, expected, rtol=0, atol=0 if model == "price" else 1e-6)
    response = answer.get_response()
    assert response["model_name"] == model and response["model_version"] == (version or "1") and response["id"] == "r-1"


def test_a_tensor_for_each_column(client, zoo):
    frame = delays()
    expected = zoo.models["late"].predict(as_delays(frame))
    values = infer(client, "late", delay_tensors(frame)).as_numpy("predict")
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-6)


def test_the_order_of_columns_is_free(client, zoo):
    frame = delays(rows=5)
    expected = zoo.models["late"].predict(as_delays(frame))
    values = infer(client, "late", delay_tensors(frame)[::-1]).as_numpy("predict")
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "ask, status, message",
    [
        (lambda c: infer(c, "late", delay_tensors(delays(rows=1))[:2]), "400", "column 'distance' is missing"),
        (lambda c: infer(c, "bare", [tensor("input", np.ones((1, 3), np.float32), "FP32")]), "400", "3 columns, the model has 4"),
        (lambda c: infer(c, "lates", [tensor("input", np.ones((1, 3), np.float32), "FP32")]), "404", "did you mean 'late'?"),
        (lambda c: infer(c, "bare", [tensor("input", np.ones((1, 4), np.float32), "FP32")], model_version="9"), "404", "version 9"),
        (lambda c: c.get_model_metadata("nope"), "404", "cannot find model 'nope'"),
    ],
)
def test_errors_keep_our_message(client, ask, status, message):
    with pytest.raises(InferenceServerException) as raised:
        ask(client)
    assert raised.value.status() == status and message in raised.value.message()


def test_binary_tensors_are_refused_in_words(client):
    """The extension is not listed in the server's metadata; a client that sends it all the same is told."""
    assert client.get_server_metadata()["extensions"] == []
    made = triton.InferInput("input", [1, 4], "FP32")
    made.set_data_from_numpy(np.ones((1, 4), np.float32), binary_data=True)
    with pytest.raises(InferenceServerException) as raised:
        infer(client, "bare", [made])
    assert "binary tensor extension is not supported" in raised.value.message()
