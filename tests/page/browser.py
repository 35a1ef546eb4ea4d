"""A small WebDriver client for Chromium: runs scripts in a page, presses keys, takes screenshots. Only the standard library."""
import base64
import json
import re
import subprocess
import urllib.error
import urllib.request

KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "ArrowLeft": "\ue012", "ArrowUp": "\ue013",
        "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Home": "\ue011", "End": "\ue010", "Space": " "}


class Browser:
    def __init__(self, driver, binary):
        self.process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = None
        for line in self.process.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                port = found.group(1)
                break
        self.root = f"http://127.0.0.1:{port}"
        options = {"binary": binary, "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]}
        answer = self.send("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        self.session = "/session/" + answer["sessionId"]

    def send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.root + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"].splitlines()[0]) from None

    def post(self, path, **body):
        return self.send("POST", self.session + path, body)

    def open(self, url):
        self.post("/url", url=url)

    def run(self, script, *args):
        return self.post("/execute/sync", script=script, args=list(args))

    def run_async(self, script):
        return self.post("/execute/async", script=script, args=[])

    def devtools(self, command, **params):
        return self.post("/goog/cdp/execute", cmd=command, params=params)

    def press(self, *keys):
        actions = [step for key in keys for value in [KEYS.get(key, key)]
                   for step in ({"type": "keyDown", "value": value}, {"type": "keyUp", "value": value})]
        self.post("/actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def show_as(self, width, theme, height=900):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.devtools("Emulation.setEmulatedMedia",
                      features=[{"name": "prefers-color-scheme", "value": theme}])

    def screenshot(self, path, beyond=True):
        picture = self.devtools("Page.captureScreenshot", captureBeyondViewport=beyond)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture))

    def log(self, kind):
        return self.post("/se/log", type=kind)

    def close(self):
        try:
            self.send("DELETE", self.session)
        finally:
            self.process.terminate()
            self.process.wait()
