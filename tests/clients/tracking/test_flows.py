"""The unmodified client does what people do, and sees from our server what it sees from the real one."""

import pytest

from . import flows


@pytest.mark.parametrize("flow", flows.FLOWS, ids=lambda flow: flow.__name__)
def test_same_as_the_real_server(flow, ours, real):
    assert flows.run(flow, ours.url) == flows.run(flow, real.url)
