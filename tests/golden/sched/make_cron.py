"""Writes cron.jsonl: expressions, a start, and the next ten fire times by croniter (Vixie's day rule), or null when it refuses."""

import datetime
import json
import pathlib
import random

from croniter import croniter

EXPRESSIONS = """
* * * * *|0 2 * * 0|30 2 * * *|*/15 * * * *|5/20 * * * *|0 0 1 * *|0 0 31 * *|0 0 29 2 *|0 12 13 * 5|0 0 1,15 * MON|0 0 */2 * 1
0 0 1 */3 *|0 22-2 * * *|15,45 9-17 * * 1-5|0 0 * * 7|0 0 * * 5-7|0 0 * jan,JUL *|0 0 L * *|0 0 * * L5|0 0 * * 5#2|0 0 * * fri#1
0 0 * * 1#5|0 0 15W * *|0 0 1W * *|0 0 31W 1,3,5 *|0 0 28-31 * *|0 0 * 11-2 *|1-59/7 * * * *|0 1-23/6 * * *|10 4 * * 1,3,5
0 0 10-20/5 * *|0 0 ? * 1|59 23 31 12 *|0 0 1 1 *|0 0 29 2 1|* * * * * */20|0 0 * * * 30|*/5 * * * * 0,30|0 0 1 1 * 0 2030
0 0 1 1 * 0 2028-2032/2|0 0 * * 6,7|0 8-18/2 * * mon-fri|0 0 * * 0-4/2|23 0-20/2 * * *|0 0 * * 2/2|0 0 7/7 * *|40/5 * * * *
0 0 31 2 *|0 0 32 * *|60 * * * *|* 24 * * *|* * 0 * *|* * * 13 *|* * * * 8|* * * *|a * * * *|1- * * * *|-1 * * * *|1,,2 * * * *|*/0 * * * *
""".replace("\n", "|").strip("|").split("|")
random.seed(5)
out = pathlib.Path(__file__).parent / "cron.jsonl"


def field(low, high):
    kind = random.randrange(5)
    a, b = sorted(random.sample(range(low, high + 1), 2))
    return ["*", str(a), f"{a}-{b}", f"*/{random.randint(1, max(2, high // 3))}", f"{a},{b}"][kind]


with out.open("w") as file:
    for i in range(250):
        EXPRESSIONS.append(" ".join([field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)]))
    for expression in EXPRESSIONS:
        for start in (datetime.datetime(2026, 2, 27, 23, 59, 58), datetime.datetime(2024, 12, 31, 0, 0, 0)):
            times = None
            try:
                it = croniter(expression, start.replace(tzinfo=datetime.timezone.utc), implement_cron_bug=True)
                times = []
                for _ in range(10):
                    try:
                        times.append(int(it.get_next(float)))
                    except Exception:
                        if not times:
                            times = None
                        break
            except Exception:
                times = None
            begin = int(start.replace(tzinfo=datetime.timezone.utc).timestamp())
            file.write(json.dumps({"expression": expression, "start": begin, "times": times}) + "\n")
