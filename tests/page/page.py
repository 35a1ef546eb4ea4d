"""Drives the page of a run in headless Chromium: page.py FOLDER [--axe axe.min.js] [--pictures DIR].

Checked are: no console message, no request, no layout wider than the window, sorting and gallery by keyboard, and with
--axe no serious finding of axe-core. Prints a line for each check, and ends with 1 if one fails. --pictures writes screenshots.
"""
import argparse
import json
import os
import pathlib
import shutil
import sys
import urllib.parse

from browser import Browser

checks = {"failed": 0}


def check(name, is_right, why=""):
    print(("ok " if is_right else "FAILED ") + name + (": " + str(why) if why and not is_right else ""))
    checks["failed"] += not is_right


def column(browser, number):
    return browser.run("""return [...document.querySelector('table.sortable').tBodies[0].rows]
        .map((row) => parseFloat(row.cells[arguments[0]].firstChild.textContent))""", number)


def check_sorting(browser):
    browser.run("document.querySelectorAll('table.sortable thead th')[1].querySelector('button').focus()")
    browser.press("Enter")
    once = column(browser, 1)
    browser.press("Space")
    twice = column(browser, 1)
    state = browser.run("return document.querySelectorAll('table.sortable thead th')[1].getAttribute('aria-sort')")
    check("a column is sorted by Enter and turned by Space",
          once in (sorted(once), sorted(once, reverse=True)) and twice == once[::-1] and
          state in ("ascending", "descending"), (once, twice, state))


def focused(browser):
    return browser.run("const e = document.activeElement; return [e.tagName, e.getAttribute('aria-label') ?? e.textContent]")


def check_cells(browser):
    browser.run("document.querySelector('table.numbers td').focus()")
    browser.press("ArrowRight", "ArrowDown")
    tag, text = focused(browser)
    shown = browser.run("""const box = document.activeElement.querySelector('.i').getBoundingClientRect();
        return box.width > 20 && box.height > 10""")
    check("arrow keys go to a cell, which shows its interval", tag == "TD" and "interval" in text and shown, (tag, text, shown))


def check_gallery(browser):
    if not browser.run("return !!document.getElementById('gallery-data')"):
        check("gallery", False, "there is none")
        return
    browser.run("document.querySelector('.tile[tabindex=\"0\"]').focus()")
    first = focused(browser)[1]
    browser.press("ArrowRight")
    second = focused(browser)[1]
    browser.press("Enter")
    opened = browser.run("return document.querySelector('dialog').open && document.getElementById('large-title').textContent")
    browser.press("ArrowRight")
    turned = browser.run("return document.getElementById('large-title').textContent")
    browser.press("ArrowDown")
    other = browser.run("return document.getElementById('large-title').textContent")
    browser.press("Escape")
    closed = browser.run("return !document.querySelector('dialog').open && document.activeElement.className")
    check("gallery by arrow keys, Enter and Escape",
          first != second and opened and turned != opened and other != turned and closed == "tile",
          (first, second, opened, turned, other, closed))
    painted = browser.run_async("""const done = arguments[0]; setTimeout(() => {
        const canvas = document.querySelectorAll('.tile canvas')[1], side = canvas.width;
        const data = canvas.getContext('2d').getImageData(0, 0, side, side).data;
        done(new Set(data).size > 16); }, 500)""")
    check("a map is drawn", painted)
    count = browser.run("return document.querySelectorAll('.tile').length")
    browser.run("document.querySelector('fieldset input').focus()")
    browser.press("Space")
    fewer = browser.run("return document.querySelectorAll('.tile').length")
    browser.press("Space")
    check("a method is left out of the gallery", fewer < count, (count, fewer))
    orders = browser.run("""const select = [...document.querySelectorAll('#gallery-view select')][1], seen = [];
        for (const option of select.options) { select.value = option.value; select.dispatchEvent(new Event('change'));
            seen.push(document.querySelectorAll('.image').length); }
        select.selectedIndex = 0; select.dispatchEvent(new Event('change')); return seen""")
    check("the gallery is sorted by every order", len(set(orders)) == 1 and orders[0] > 0, orders)


def check_text(browser):
    """Names from outside are text: nothing that they say was run, and no element was made of them."""
    strange = browser.run("""return [window.hacked !== undefined, document.querySelectorAll('main img, main iframe, main object, main link').length,
        [...document.querySelectorAll('a')].filter((a) => /^(javascript|https?):/.test(a.getAttribute('href'))).length]""")
    check("no element is made of a name", strange == [False, 0, 0], strange)


def check_width(browser, width, theme):
    browser.show_as(width, theme)
    wide = browser.run("return document.documentElement.scrollWidth")
    check(f"fits {width} px, {theme}", wide <= width, wide)


def check_axe(browser, path, name):
    with open(path, encoding="utf-8") as file:
        browser.run(file.read() + "; window.axe = axe;")
    found = browser.run_async("const done = arguments[0]; axe.run().then((found) => done(found.violations.map((v) =>"
                              "[v.impact, v.id, v.nodes.length, v.nodes[0].html.slice(0, 200), v.nodes[0].failureSummary])))")
    serious = [violation for violation in found if violation[0] in ("serious", "critical")]
    check(f"axe-core, {name}", not serious, json.dumps(serious, indent=1))
    for violation in found:
        if violation not in serious:
            print("note", name, violation)


def check_log(browser, url):
    messages = [entry for entry in browser.log("browser")]
    check("no console message", not messages, messages)
    requests = set()
    for entry in browser.log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            requests.add(message["params"]["request"]["url"].split("#")[0])
    foreign = [address for address in requests
               if urllib.parse.unquote(address) != urllib.parse.unquote(url) and not address.startswith("data:")]
    check("no request", not foreign, foreign)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--axe")
    parser.add_argument("--pictures")
    arguments = parser.parse_args()
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    url = pathlib.Path(arguments.folder, "index.html").resolve().as_uri()
    browser = Browser(driver, binary)
    try:
        browser.show_as(1400, "light")
        browser.open(url)
        ready = browser.run("""const times = performance.getEntriesByType('navigation')[0];
            return times.domContentLoadedEventEnd""")
        print(f"note ready after {ready:.0f} ms", file=sys.stderr)
        check_sorting(browser)
        check_cells(browser)
        check_gallery(browser)
        check_text(browser)
        for width in (390, 1400):
            for theme in ("light", "dark"):
                check_width(browser, width, theme)
                if arguments.axe:
                    check_axe(browser, arguments.axe, f"{width} px, {theme}")
                if arguments.pictures:
                    browser.screenshot(os.path.join(arguments.pictures, f"page-{width}-{theme}.png"))
        check_log(browser, url)
    finally:
        browser.close()
    return 1 if checks["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
