"""POST /predict answers what xgboost itself answers for the same rows, with the label and the version that belong to it."""

import json

import numpy as np
import pytest
from models import as_delays, delays, numbers


def ask(zoo, path, rows):
    reply = zoo.post(path, data=json.dumps(rows), headers={"Content-Type": "application/json"})
    assert reply.status_code == 200, reply.text
    return reply.json()


def as_rows(x):
    return [{f"f{i}": None if np.isnan(v) else float(v) for i, v in enumerate(row)} for row in x]


@pytest.mark.parametrize("path, name", [("bare", "bare"), ("bare@stable", "bare2"), ("bare/versions/2", "bare2")])
def test_a_bare_model(zoo, path, name):
    x = numbers()[0]
    expected = zoo.models[name].predict(x)
    answers = ask(zoo, f"/predict/{path}", as_rows(x))
    np.testing.assert_allclose([one["prediction"] for one in answers], expected, rtol=0, atol=1e-6)
    assert [one["label"] for one in answers] == [str(int(p >= 0.5)) for p in expected]
    assert {one["version"] for one in answers} == {"2" if name == "bare2" else "1"}


def test_the_two_versions_differ(zoo):
    """Else the test above could not tell them apart."""
    x = numbers()[0]
    assert np.abs(zoo.models["bare"].predict(x) - zoo.models["bare2"].predict(x)).max() > 0.05


def test_classes(zoo):
    x = numbers()[0]
    expected = zoo.models["classes"].predict(x)
    answers = ask(zoo, "/predict/classes", as_rows(x))
    np.testing.assert_allclose([one["prediction"] for one in answers], expected, rtol=0, atol=1e-6)
    assert [one["label"] for one in answers] == [str(k) for k in expected.argmax(axis=1)]


def test_regression_to_the_bit(zoo):
    """No transformation lies between the sum of the leaves and the answer."""
    x = numbers()[0]
    answers = ask(zoo, "/predict/price", as_rows(x))
    assert (np.array([one["prediction"] for one in answers], dtype=np.float32) == zoo.models["price"].predict(x)).all()


def test_names_and_categories(zoo):
    frame = delays()
    rows = json.loads(frame.to_json(orient="records"))
    expected = zoo.models["late"].predict(as_delays(frame))
    assert frame.distance.isna().any() and expected.std() > 0.05
    answers = ask(zoo, "/predict/late", rows)
    np.testing.assert_allclose([one["prediction"] for one in answers], expected, rtol=0, atol=1e-6)
    assert [one["label"] for one in answers] == ["late" if p >= 0.5 else "on time" for p in expected]
    one_by_one = [ask(zoo, "/predict/late", row) for row in rows[:20]]
    assert one_by_one == answers[:20]
