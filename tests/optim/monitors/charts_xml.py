"""Charts of random numbers and texts are well-formed XML, bounded in size, within their frame, and have few ticks.

usage: charts_xml.py PROGRAM, where PROGRAM is the chart test, which writes the charts.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

PROGRAM = pathlib.Path(sys.argv.pop(1))
SVG = "{http://www.w3.org/2000/svg}"
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[-+]\d+)?")


class Charts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        environment = {**os.environ, "XGRAD_TEST_CHARTS": cls.temporary.name}
        command = [PROGRAM, "--test-case=charts of random bits", "--minimal=1"]
        subprocess.run(command, env=environment, timeout=60, check=True)
        cls.paths = sorted(pathlib.Path(cls.temporary.name).iterdir())

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def charts(self):
        """Yields each drawing with its width and height."""
        self.assertGreaterEqual(len(self.paths), 500)
        for path in self.paths:
            self.assertLess(path.stat().st_size, 20_000)
            root = xml.etree.ElementTree.parse(path).getroot()
            yield root, float(root.get("width")), float(root.get("height"))

    def test_coordinates_are_numbers_within_the_drawing(self):
        for root, width, height in self.charts():
            for element in root.iter():
                if element.tag in (SVG + "line", SVG + "polyline", SVG + "circle"):
                    for name, most in (("x1", width), ("x2", width), ("cx", width), ("y1", height), ("y2", height), ("cy", height)):
                        text = element.get(name)
                        if text is not None:
                            self.assertRegex(text, rf"\A{NUMBER.pattern}\Z")
                            self.assertTrue(-0.01 <= float(text) <= most + 0.01, (element.tag, name, text))
                    for pair in (element.get("points") or "").split():
                        x, y = map(float, pair.split(","))
                        self.assertTrue(-0.01 <= x <= width + 0.01 and -0.01 <= y <= height + 0.01, pair)

    def test_axes_have_a_tick_and_not_many(self):
        for root, width, height in self.charts():
            frame = [tuple(map(float, pair.split(","))) for pair in root.find(SVG + "polyline").get("points").split()]
            (left, top), (_, bottom), (right, _) = frame
            grid = [line for line in root.iter(SVG + "line") if line.get("opacity") == "0.15"]
            upright = [line for line in grid if line.get("x1") == line.get("x2")]
            level = [line for line in grid if line.get("y1") == line.get("y2")]
            if bottom - top > 40:
                self.assertTrue(1 <= len(level) <= 12, len(level))
            if right - left > 80:
                self.assertTrue(1 <= len(upright) <= 12, len(upright))
            labels = [text.text for text in root.iter(SVG + "text") if text.get("text-anchor") == "end" and text.get("x") == level[0].get("x1")] if level else []
            self.assertEqual(len(labels), len(set(labels)))


if __name__ == "__main__":
    unittest.main()
