"""Writes golden.tsv from the reference libraries:

    pip install growthbook==4.0.0 gbstats==0.8.0 ssrm-test==0.1.5 && python make_golden.py

    hash     seed  key  place in [0, 1)                                    growthbook, hash version 2
    ratio    candidate  champion  weight  p                                ssrm-test, one look
    latency  n1 mean1 m2_1  n0 mean0 m2_0  alpha  lower  upper  p          gbstats SequentialTwoSidedTTest

Keys are ASCII: for others GrowthBook's own kits differ (code points, UTF-16 units or bytes); we hash bytes.
gbstats tunes its sequence to a total number of users, we to effective pairs: its tuning parameter is set so that both are the same.
"""
import pathlib
import random

import numpy as np
from gbstats.frequentist.tests import SequentialConfig, SequentialTwoSidedTTest
from gbstats.models.statistics import SampleMeanStatistic
from growthbook.core import gbhash
from ssrm_test.ssrm_test import sequential_p_values

rng = random.Random(20130101)
lines = []


def text(length):
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz0123456789-_.@") for _ in range(length))


for seed, key in [("", ""), ("", "a"), ("a", ""), ("fs09ds", "user-1"), ("seed", "b")]:
    lines.append(["hash", seed, key, gbhash(seed, key, 2)])
for _ in range(200):
    seed, key = text(rng.randint(1, 32)), text(rng.randint(1, 40))
    lines.append(["hash", seed, key, gbhash(seed, key, 2)])

for candidate, champion, weight in [(0, 0, 0.5), (10, 10, 0.5), (500, 9500, 0.05), (600, 9400, 0.05), (700, 9300, 0.05),
                                    (51000, 49000, 0.5), (50500, 49500, 0.5), (1, 0, 0.05), (0, 200, 0.25), (250300, 749700, 0.25)]:
    p = sequential_p_values(np.array([[candidate, champion]]), np.array([weight, 1 - weight]))[0]
    lines.append(["ratio", candidate, champion, weight, repr(float(p))])

for n1, n0, shift, alpha in [(100, 100, 0, 0.05), (500, 9500, 1, 0.05), (5000, 5000, 0.5, 0.05), (5000, 95000, 0.2, 0.01),
                             (300, 700, -3, 0.05), (20000, 20000, -0.05, 0.1)]:
    random_source = np.random.default_rng(n1 + n0)
    a = random_source.lognormal(1, 0.5, n1) + shift
    b = random_source.lognormal(1, 0.5, n0)
    pairs = 1 / (1 / n1 + 1 / n0)
    config = SequentialConfig(alpha=alpha, difference_type="absolute", sequential_tuning_parameter=5000 * (n1 + n0) / pairs)
    stats = [SampleMeanStatistic(n=len(x), sum=float(x.sum()), sum_squares=float((x**2).sum())) for x in (b, a)]
    test = SequentialTwoSidedTTest(stats[0], stats[1], config)
    lower, upper = test.confidence_interval
    lines.append(["latency", n1, repr(float(a.mean())), repr(float(((a - a.mean()) ** 2).sum())), n0, repr(float(b.mean())),
                  repr(float(((b - b.mean()) ** 2).sum())), alpha, repr(float(lower)), repr(float(upper)), repr(float(test.p_value))])

out = pathlib.Path(__file__).parent / "golden.tsv"
out.write_text("".join("\t".join(str(field) for field in line) + "\n" for line in lines))
