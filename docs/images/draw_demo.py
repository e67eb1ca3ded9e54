"""Draws the picture of the README from the demo's year.

    build/mlean demo flights --json > year.json
    python3 docs/images/draw_demo.py year.json > docs/images/demo.svg
"""

import json
import sys

WIDTH, HEIGHT = 760, 330
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 44, 64
CHAMPION, FIRST, GRID = "#0969da", "#9a6700", "#8c959f"
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def month_name(row):
    return MONTHS[int(row["month"][5:7]) - 1]


class Picture:
    def __init__(self, rows):
        self.rows = rows
        values = [row[key] for row in rows for key in ("auc", "auc_first_model") if row[key] is not None]
        self.low = min(values) // 0.05 * 0.05
        self.high = -(-max(values) // 0.05) * 0.05
        self.out = []

    def x(self, index):
        return LEFT + (WIDTH - LEFT - RIGHT) * index / max(1, len(self.rows) - 1)

    def y(self, auc):
        return TOP + (HEIGHT - TOP - BOTTOM) * (self.high - auc) / (self.high - self.low)

    def text(self, x, y, text, anchor="middle", fill="#57606a", weight="normal"):
        self.out.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}" font-weight="{weight}">{text}</text>'
        )

    def grid(self):
        ticks = round((self.high - self.low) / 0.05)
        for i in range(ticks + 1):
            auc = self.low + 0.05 * i
            y = self.y(auc)
            self.out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}" stroke-opacity=".3"/>')
            self.text(LEFT - 8, y + 4, f"{auc:.2f}", "end")
        for index, row in enumerate(self.rows):
            self.text(self.x(index), HEIGHT - BOTTOM + 20, month_name(row))

    def promotions(self):
        for index, row in enumerate(self.rows):
            texts = [d["text"] for d in row["decisions"] if d["action"] == "version.promoted"]
            if not texts:
                continue
            x = self.x(index)
            versions = " ".join("v" + text.split()[1] for text in texts)
            self.out.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="{CHAMPION}" stroke-dasharray="3 4" stroke-opacity=".6"/>'
            )
            self.text(x, HEIGHT - BOTTOM + 38, versions, fill=CHAMPION)
        self.text(LEFT - 8, HEIGHT - BOTTOM + 38, "promoted", "end", CHAMPION)

    def line(self, key, colour, name, dash=""):
        points = [(self.x(i), self.y(row[key])) for i, row in enumerate(self.rows) if row[key] is not None]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"{dash}/>')
        for x, y in points:
            self.out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="{colour}"/>')
        return points[-1][1], name, colour

    def names(self, ends):
        (upper, lower) = sorted(ends)
        gap = max(0, 18 - (lower[0] - upper[0])) / 2
        for (y, name, colour), shift in ((upper, -gap), (lower, gap)):
            self.text(WIDTH - RIGHT + 12, y + shift + 4, name, "start", colour, "600")

    def svg(self):
        self.grid()
        self.promotions()
        ends = [
            self.line("auc_first_model", FIRST, "first model", ' stroke-dasharray="6 4"'),
            self.line("auc", CHAMPION, "champion"),
        ]
        self.names(ends)
        self.text(LEFT, 24, "AUC on live requests, New York departures 2013", "start", "#24292f", "600")
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
            'font-family="system-ui, sans-serif" font-size="13" role="img" '
            'aria-label="AUC by month of the champion and of the first model">'
        )
        return "\n".join([head, '<rect width="100%" height="100%" fill="#ffffff"/>', *self.out, "</svg>"])


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        rows = [row for row in json.load(file)["months"] if row["auc"] is not None]
    print(Picture(rows).svg())


main()
