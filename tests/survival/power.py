#!/usr/bin/env python3
"""A run whose power fails: what is left of its folder must be a store that opens, and the run goes on to the same bytes.

usage: power.py LIBRARY [POINTS] [SEED]     LIBRARY: tests/survival/disk.c, built; needs cambench on the PATH

One run is logged by the library. For each point of the log the folder is made as a disk may have it after a power failure
at that moment: a file has what it had at its latest sync, and of later writes none, or some of them, whole or in part; of
the names that were made, renamed and removed since the folder's latest sync only the first ones count.
"""
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile

CONFIG = """name: power
dataset: {path: set.h5}
backbones: [{arch: resnet18, weights: net.h5}]
methods: [gradcam, gradcam_pp, reciprocam, scorecam]
metrics: [average_drop, coherency, insertion]
report: {plots: false, overlays: 1, maps: true, bootstrap: 20}
"""
SECTOR = 512


def cambench(*words, **settings):
    return subprocess.run(["cambench", *words], stderr=subprocess.PIPE, text=True, env={**os.environ, **settings}, check=False)


def read_log(path):
    events = []
    with open(path, "rb") as log:
        while line := log.readline():
            kind, name, number, length = line.decode().split()
            events.append((kind, name, int(number), log.read(int(length))))
            assert log.read(1) == b"\n"
    return events


class File:
    def __init__(self):
        self.durable = bytearray()
        self.pending = []

    def after_failure(self, chance):
        content = bytearray(self.durable)
        keeps_none = chance.random() < 0.5
        for kind, number, data in self.pending:
            if keeps_none or chance.random() < 0.5:
                continue
            if kind == "size":
                del content[number:]
                content.extend(bytes(number - len(content)))
                continue
            if chance.random() < 0.1:
                data = data[: SECTOR * chance.randrange(len(data) // SECTOR + 1)]
            content.extend(bytes(max(0, number + len(data) - len(content))))
            content[number : number + len(data)] = data
        return content


def change_names(names, event, files):
    kind, name, _, data = event
    if kind == "rename":
        if name in names:
            names[data.decode()] = names.pop(name)
    elif kind == "remove":
        names.pop(name, None)
    else:
        names[name] = files[id(event)]


def state_after(events, chance):
    """Names and contents as a disk may have them after these events."""
    now, files, changes, safe = {}, {}, [], 0
    for event in events:
        kind, name, number, data = event
        if kind in ("create", "folder", "rename", "remove"):
            files[id(event)] = File() if kind == "create" else None
            changes.append(event)
            change_names(now, event, files)
        elif kind == "names":
            safe = len(changes)
        elif kind == "sync":
            if now.get(name):
                now[name].durable, now[name].pending = bytearray(data), []
        elif now.get(name):
            now[name].pending.append((kind, number, data))
    names = {}
    for event in changes[: chance.randint(safe, len(changes))]:
        change_names(names, event, files)
    return {name: file and file.after_failure(chance) for name, file in names.items()}


def make_folder(state, folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    for name, content in state.items():
        path = os.path.join(folder, name)
        if content is None:
            os.makedirs(path, exist_ok=True)
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)


def count_items(folder):
    """The items in a copy of the store; 0: there is no store yet. Raises what SQLite says of a damaged one."""
    with tempfile.TemporaryDirectory() as copy:
        for name in ("run.db", "run.db-wal"):
            if os.path.exists(os.path.join(folder, name)):
                shutil.copy(os.path.join(folder, name), copy)
        store = sqlite3.connect(os.path.join(copy, "run.db"))
        (answer,) = store.execute("PRAGMA integrity_check").fetchone()
        if answer != "ok":
            raise sqlite3.DatabaseError(answer)
        if not store.execute("SELECT * FROM sqlite_master WHERE name = 'item'").fetchall():
            return 0
        return store.execute("SELECT count(*) FROM item").fetchone()[0]


def complaints(whole, folder):
    run = cambench("run", "config.yaml", "--quiet", "--threads", "2", "--output", folder)
    if run.returncode:
        return [f"exit {run.returncode}: {run.stderr}"]
    wrong = []
    for name in ("summary.csv", "per_image.csv", "maps.h5"):
        with open(os.path.join(whole, name), "rb") as one, open(os.path.join(folder, name), "rb") as other:
            if one.read() != other.read():
                wrong.append(f"{name} differs")
    return wrong


def main():
    library = os.path.realpath(sys.argv[1])
    points = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    images = 40 if points < 10 else 150
    with tempfile.TemporaryDirectory() as work:
        os.chdir(os.path.realpath(work))
        cambench("generate", "demo", "--images", str(images), "--size", "40", "--out", "set.h5", "--quiet")
        cambench("generate", "weights", "resnet18", "--classes", "10", "--width", "0.125", "--size", "64", "--out", "net.h5", "--quiet")
        with open("config.yaml", "w", encoding="utf-8") as config:
            config.write(CONFIG)
        os.mkdir("whole")
        run = cambench("run", "config.yaml", "--quiet", "--threads", "2", "--output", "whole", LD_PRELOAD=library,
                       DISK_LOG=os.path.realpath("log"), DISK_ROOT=os.path.realpath("whole"))
        if run.returncode:
            sys.exit(f"exit {run.returncode}: {run.stderr}")
        events = read_log("log")
        wrong, kept = 0, []
        for point in range(points):
            chance = random.Random(f"{seed} {point}")
            last = chance.randrange(len(events) * point // points, len(events) * (point + 1) // points)
            make_folder(state_after(events[: last + 1], chance), "failed")
            try:
                kept.append(count_items("failed"))
                found = complaints("whole", "failed")
            except sqlite3.DatabaseError as error:
                found = [f"the store: {error}"]
            for complaint in found:
                print(f"after event {last} of {len(events)}: {complaint}")
            wrong += len(found)
        print(f"{points} points of {len(events)} events; items in the store after them: {kept}", file=sys.stderr)
    if wrong == 0:
        print("every power failure was survived")
    sys.exit(wrong > 0)


main()
