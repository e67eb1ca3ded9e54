"""The client's own multipart uploads and parallel downloads, switched on as its users do it."""

import filecmp
import random

import mlflow
import pytest
import requests


@pytest.fixture
def multipart(monkeypatch):
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "5000000")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", "5242880")
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE", "5000000")
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", "3000000")


def test_a_large_file_goes_in_parts_and_comes_back_in_ranges(ours, multipart, tmp_path, monkeypatch):
    large = tmp_path / "large.bin"
    large.write_bytes(random.Random(7).randbytes(12_345_678))
    mlflow.set_tracking_uri(ours.url)
    mlflow.set_experiment("multipart")
    sent = []
    put = requests.put
    monkeypatch.setattr(requests, "put", lambda url, **options: sent.append(url) or put(url, **options))
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(large), "data")
    assert len([url for url in sent if "/mpu/part/" in url]) == 3
    back = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="data/large.bin", dst_path=str(tmp_path / "back"))
    assert filecmp.cmp(large, back, shallow=False)
