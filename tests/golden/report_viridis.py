#!/usr/bin/python3
"""Writes report_viridis.txt: the colours of matplotlib's viridis (0..255) along a bar of 192 pixels, 1 on top.

Needs matplotlib (Debian: python3-matplotlib).
"""
import matplotlib
import numpy as np

from golden import Golden

table = np.asarray(matplotlib.colormaps["viridis"].colors) * 255
position = (1 - np.arange(192) / 191) * 255
golden = Golden("report_viridis", "report_viridis.py; matplotlib %s" % matplotlib.__version__)
for c, name in enumerate(("red", "green", "blue")):
    golden.add(name, np.interp(position, np.arange(256), table[:, c]), 192)
golden.close()
