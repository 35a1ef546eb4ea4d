// The page of a run: sorts tables, moves the focus inside them, shows one of several plots, and draws the gallery. All
// texts are set as text, never as HTML.
"use strict";
(() => {
    const make = (tag, properties, ...children) => {
        const element = Object.assign(document.createElement(tag), properties);
        element.append(...children);
        return element;
    };
    const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];

    // -- contents

    const contents = document.querySelector("nav ul");
    for (const section of all("main > section")) {
        const link = make("a", {href: "#" + section.id, textContent: section.querySelector("h2").textContent});
        contents.append(make("li", {}, link));
    }

    // -- tables

    // The number or text that a cell shows, without its hidden details.
    const shown = (cell) => cell.firstChild ? cell.firstChild.textContent.trim() : "";
    const compare = (a, b) => {
        const x = parseFloat(a), y = parseFloat(b);
        if (isNaN(x) && isNaN(y))
            return a.localeCompare(b);
        return x - y;
    };
    // Cells without a number are last in either direction.
    const isEmpty = (text) => text === "" || text === "–";

    function sort(table, column, heading) {
        const isRising = heading.getAttribute("aria-sort") === "descending" ||
            (!heading.hasAttribute("aria-sort") && !heading.textContent.includes("↑"));
        const body = table.tBodies[0];
        const rows = [...body.rows].map((row) => ({row, text: shown(row.cells[column])}));
        rows.sort((a, b) => isEmpty(a.text) || isEmpty(b.text) ? isEmpty(a.text) - isEmpty(b.text) :
            (isRising ? 1 : -1) * compare(a.text, b.text));
        for (const other of all("thead th", table))
            other.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", isRising ? "ascending" : "descending");
        body.append(...rows.map((entry) => entry.row));
    }

    for (const table of all("table.sortable"))
        all("thead th", table).forEach((heading, column) => {
            const button = make("button", {type: "button"}, ...heading.childNodes);
            button.addEventListener("click", () => sort(table, column, heading));
            heading.append(button);
        });

    // One cell of a table is in the order of the tabulator key; arrow keys go to the others.
    function move(table, cell, key) {
        const rows = [...table.tBodies[0].rows].filter((row) => row.offsetParent);
        const row = rows.indexOf(cell.parentElement), column = cell.cellIndex;
        const next = {
            ArrowUp: () => rows[row - 1]?.cells[column],
            ArrowDown: () => rows[row + 1]?.cells[column],
            ArrowLeft: () => column > 1 ? cell.parentElement.cells[column - 1] : null,
            ArrowRight: () => cell.parentElement.cells[column + 1],
            Home: () => cell.parentElement.cells[1],
            End: () => cell.parentElement.cells[cell.parentElement.cells.length - 1],
        }[key]?.();
        if (!next)
            return false;
        cell.tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
        return true;
    }

    for (const table of all("table.numbers")) {
        const cells = all("tbody td", table);
        cells.forEach((cell, i) => cell.tabIndex = i ? -1 : 0);
        table.closest(".wide").tabIndex = -1;
        table.addEventListener("keydown", (event) => {
            if (event.target.tagName === "TD" && move(table, event.target, event.key))
                event.preventDefault();
        });
        table.addEventListener("focusin", (event) => {
            if (event.target.tagName !== "TD")
                return;
            for (const cell of all("td[tabindex='0']", table))
                cell.tabIndex = -1;
            event.target.tabIndex = 0;
        });
    }

    for (const controls of all(".controls"))
        controls.hidden = false;
    for (const name of ["intervals", "no-controls"])
        document.getElementById(name)?.addEventListener("change", (event) =>
            document.body.classList.toggle(name, event.target.checked));

    // -- one of several matrices or plots

    for (const choices of all(".choices")) {
        const list = [...choices.children];
        const select = make("select", {}, ...list.map((choice, i) =>
            make("option", {value: i, textContent: choice.querySelector("h3").textContent})));
        const show = () => list.forEach((choice, i) => choice.hidden = i !== select.selectedIndex);
        if (list.length < 2)
            continue;
        select.addEventListener("change", show);
        choices.before(make("p", {className: "controls"}, make("label", {}, choices.dataset.label, select)));
        show();
    }

    // -- gallery

    const data = document.getElementById("gallery-data");
    if (!data)
        return;
    const gallery = JSON.parse(data.textContent);
    const first = gallery.metrics.findIndex((metric) => metric.first);
    const state = {network: 0, order: "run", methods: new Set(gallery.methods.keys())};
    const pictures = new Map(); // by their data

    const picture = (image, network) => {
        const encoded = image.pictures[image.views[network].picture];
        if (!encoded)
            return Promise.resolve(null);
        if (!pictures.has(encoded)) {
            const element = new Image();
            element.src = "data:image/jpeg;base64," + encoded;
            pictures.set(encoded, element.decode().then(() => element, () => null));
        }
        return pictures.get(encoded);
    };

    // A perceptually uniform colour map (viridis), between eight of its colours.
    const colours = [[68, 1, 84], [70, 50, 127], [54, 92, 141], [39, 127, 142], [31, 161, 135], [74, 194, 109],
        [159, 218, 58], [253, 231, 37]];
    function colour(value) {
        const at = value / 255 * (colours.length - 1), i = Math.min(Math.floor(at), colours.length - 2);
        return colours[i].map((low, c) => low + (colours[i + 1][c] - low) * (at - i));
    }
    const table = Array.from({length: 256}, (_, i) => colour(i));

    // Enlarges a map as torch does without align_corners: samples at pixel centres, edges repeated.
    function enlarge(map, side, paint) {
        const [h, w, text] = map, bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
        const axis = (count) => Array.from({length: side}, (_, i) => {
            const at = Math.min(Math.max((i + .5) * count / side - .5, 0), count - 1), low = Math.floor(at);
            return [low, Math.min(low + 1, count - 1), at - low];
        });
        const columns = axis(w), rows = axis(h);
        rows.forEach(([top, bottom, down], y) => columns.forEach(([left, right, along], x) => {
            const above = bytes[top * w + left] * (1 - along) + bytes[top * w + right] * along;
            const below = bytes[bottom * w + left] * (1 - along) + bytes[bottom * w + right] * along;
            paint(4 * (y * side + x), Math.round(above * (1 - down) + below * down));
        }));
    }

    // Draws an image, and over it a method's map: the higher the map, the less of the image shows through.
    async function draw(canvas, image, network, method) {
        const side = canvas.width, context = canvas.getContext("2d");
        const element = await picture(image, network);
        const map = method < 0 ? null : image.views[network].maps[method];
        context.clearRect(0, 0, side, side);
        if (element)
            context.drawImage(element, 0, 0, side, side);
        if (!map)
            return;
        const layer = make("canvas", {width: side, height: side}), over = layer.getContext("2d");
        const pixels = over.createImageData(side, side);
        enlarge(map, side, (at, value) => {
            pixels.data.set(table[value], at);
            pixels.data[at + 3] = element ? .8 * value : 255;
        });
        over.putImageData(pixels, 0, 0);
        context.drawImage(layer, 0, 0);
    }

    const methodTitle = (method) => method < 0 ? "image" : gallery.methods[method].title;
    const className = (view) => view.name ?? (view.class < 0 ? "none" : "class " + view.class);
    const valueText = (metric, value) => value === null || value === undefined ? "–" :
        typeof value === "string" ? value : value.toFixed(metric.digits) + (metric.unit ? " " + metric.unit : "");

    function imageTitle(image) {
        const view = image.views[state.network];
        const truth = image.label === null ? "" : "true class " + image.label + ", ";
        const explained = "predicted class " + className(view) +
            (view.p === undefined ? "" : " (" + (100 * view.p).toFixed(1) + " %)");
        return [image.name, truth + explained];
    }

    function note(image, method) {
        const view = image.views[state.network];
        if (method < 0 || first < 0)
            return "";
        const map = view.maps[method] ? "" : ", map not kept";
        return gallery.metrics[first].title + " " + valueText(gallery.metrics[first], view.values[method][first]) + map;
    }

    const numbers = (image, metric, methods) => methods.map((method) => image.views[state.network].values[method][metric])
        .filter((value) => typeof value === "number");
    const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
    function spread(image) {
        const list = numbers(image, first, [...gallery.methods.keys()].filter((m) => !gallery.methods[m].control));
        const middle = mean(list);
        return list.length < 2 ? -1 : Math.sqrt(mean(list.map((value) => (value - middle) ** 2)));
    }
    function ordered() {
        const images = [...gallery.images];
        if (state.order === "run")
            return images;
        const [kind, metric] = state.order.split(":");
        const methods = [...state.methods];
        const key = new Map(images.map((image) => {
            const value = kind === "spread" ? spread(image) : mean(numbers(image, Number(metric), methods));
            return [image, Number.isNaN(value) ? -Infinity : kind === "low" ? -value : value];
        }));
        return images.sort((a, b) => key.get(b) - key.get(a));
    }

    // -- the tiles

    const place = document.getElementById("gallery-view");
    const box = make("div", {});
    const waiting = new WeakMap();
    const paint = (canvas) => {
        const job = waiting.get(canvas);
        waiting.delete(canvas);
        return job ? draw(canvas, ...job) : null;
    };
    const observer = new IntersectionObserver((entries) => {
        for (const entry of entries)
            if (entry.isIntersecting) {
                observer.unobserve(entry.target);
                paint(entry.target);
            }
    }, {rootMargin: "400px"});
    window.addEventListener("beforeprint", () => all("canvas", box).forEach(paint));

    function tile(image, method) {
        const canvas = make("canvas", {width: 112, height: 112});
        const button = make("button", {type: "button", className: "tile", tabIndex: -1}, canvas,
            make("span", {textContent: methodTitle(method)}));
        const text = note(image, method);
        if (text)
            button.append(make("br"), make("span", {className: "value", textContent: text}));
        button.setAttribute("aria-label", [image.name, methodTitle(method), text].filter(Boolean).join(", "));
        waiting.set(canvas, [image, state.network, method]);
        observer.observe(canvas);
        button.addEventListener("click", () => open(image, method));
        return button;
    }

    function show() {
        const methods = [-1, ...[...state.methods].sort((a, b) => a - b)];
        observer.disconnect();
        box.replaceChildren(...ordered().map((image) => {
            const [name, classes] = imageTitle(image);
            const isWrong = image.label !== null && !image.views[state.network].right;
            return make("article", {className: "image"}, make("h3", {textContent: name}),
                make("p", {className: isWrong ? "note wrong" : "note", textContent: classes + (isWrong ? ": wrong" : "")}),
                make("div", {className: "tiles"}, ...methods.map((method) => tile(image, method))));
        }));
        const tiles = all(".tile", box);
        if (tiles.length)
            tiles[0].tabIndex = 0;
    }

    box.addEventListener("keydown", (event) => {
        const tiles = all(".tile", box), at = tiles.indexOf(event.target), columns = state.methods.size + 1;
        const step = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns}[event.key];
        const next = event.key === "Home" ? tiles[0] : event.key === "End" ? tiles.at(-1) : tiles[at + (step ?? NaN)];
        if (at < 0 || !next)
            return;
        event.target.tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
        event.preventDefault();
    });

    // -- the large view

    const large = make("canvas", {width: 448, height: 448});
    const heading = make("h3", {id: "large-title"}), classes = make("p", {className: "note"});
    const values = make("tbody", {});
    const close = make("button", {type: "button", textContent: "close"});
    const dialog = make("dialog", {},
        make("header", {}, heading, make("p", {className: "controls"}, close)), classes,
        make("div", {className: "large"}, large, make("div", {}, make("table", {}, values),
            make("p", {className: "note", textContent:
                "← → other method, ↑ ↓ other image, Escape closes. The brighter the colour, the higher the map."}))));
    dialog.setAttribute("aria-labelledby", "large-title");
    large.setAttribute("role", "img");
    heading.setAttribute("aria-live", "polite");
    close.addEventListener("click", () => dialog.close());
    let now = {image: null, method: -1};

    function fill() {
        const {image, method} = now, [name, text] = imageTitle(image);
        heading.textContent = name + ": " + methodTitle(method);
        classes.textContent = gallery.networks[state.network] + ", " + text;
        large.setAttribute("aria-label", heading.textContent);
        values.replaceChildren(...gallery.metrics.map((metric, k) => make("tr", {},
            Object.assign(make("th", {textContent: metric.title + (metric.up ? " ↑" : " ↓")}), {scope: "row"}),
            make("td", {textContent: method < 0 ? "–" :
                valueText(metric, image.views[state.network].values[method][k])}))));
        draw(large, image, state.network, method);
    }
    function open(image, method) {
        now = {image, method};
        fill();
        dialog.showModal();
        close.focus();
    }
    dialog.addEventListener("keydown", (event) => {
        const images = ordered(), methods = [-1, ...[...state.methods].sort((a, b) => a - b)];
        const turn = (list, item, step) => list[(list.indexOf(item) + step + list.length) % list.length];
        const step = {ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1}[event.key];
        if (!step)
            return;
        if (event.key === "ArrowLeft" || event.key === "ArrowRight")
            now.method = turn(methods, now.method, step);
        else
            now.image = turn(images, now.image, step);
        fill();
        event.preventDefault();
    });
    // Back to the tile of what was shown last.
    dialog.addEventListener("close", () => {
        const methods = [-1, ...[...state.methods].sort((a, b) => a - b)];
        const at = ordered().indexOf(now.image) * methods.length + methods.indexOf(now.method);
        all(".tile", box)[at]?.focus();
    });

    // -- filters

    const choice = (label, options, change) => {
        const select = make("select", {}, ...options.map(([value, text]) => make("option", {value, textContent: text})));
        select.addEventListener("change", () => { change(select.value); show(); });
        return make("label", {}, label, select);
    };
    const orders = [["run", "order of the run"]];
    if (first >= 0)
        orders.push(["spread", "disagreement of methods, largest first"]);
    gallery.metrics.forEach((metric, k) => orders.push(["low:" + k, metric.title + ", lowest first"],
        ["high:" + k, metric.title + ", highest first"]));
    const filters = make("fieldset", {className: "controls"}, make("legend", {textContent: "Methods"}),
        ...gallery.methods.map((method, m) => {
            const check = make("input", {type: "checkbox", checked: true});
            check.addEventListener("change", () => { state.methods[check.checked ? "add" : "delete"](m); show(); });
            return make("label", {}, check, method.title);
        }));
    place.append(
        make("p", {className: "controls"},
            choice("Network", gallery.networks.map((name, i) => [i, name]), (value) => state.network = Number(value)),
            choice("Order", orders, (value) => state.order = value)),
        filters, make("p", {className: "note", textContent: "Arrow keys go from picture to picture, Enter enlarges."}),
        box, dialog);
    setTimeout(show); // the page is there before its pictures

    // Names in the lists of strange images open the large view.
    for (const cell of all("[data-image]")) {
        const image = gallery.images.find((entry) => entry.at === Number(cell.dataset.image));
        if (!image)
            continue;
        const button = make("a", {href: "#gallery"}, ...cell.childNodes);
        button.addEventListener("click", (event) => {
            event.preventDefault();
            open(image, -1);
        });
        cell.append(button);
    }
})();
