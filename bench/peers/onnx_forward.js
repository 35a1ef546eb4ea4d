/*
 * ONNX Runtime's forward pass on a pipe, for forward.py. Threads wait asleep, or spin inside of a pass and stop with it.
 *
 * usage: onnx_forward.js MODEL INPUTS THREADS
 * requests: "outputs FILE VARIANT", "forward BATCH SECONDS VARIANT"
 */
'use strict';
const fs = require('fs');
const readline = require('readline');
const ort = require('onnxruntime-node');

const [model, inputsPath, threads] = process.argv.slice(2);
const IMAGE = 3 * 224 * 224;
const bytes = fs.readFileSync(inputsPath);
const inputs = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const variants = {sleep: {allow_spinning: '0'}, spin: {allow_spinning: '1'}};
let open = {batch: 0, sessions: {}};

/* One session for each variant, made for one size of batch; those of the size before are given back. */
async function session(batch, variant) {
    if (open.batch !== batch) {
        for (const old of Object.values(open.sessions)) await old.release();
        open = {batch, sessions: {}};
    }
    if (!variants[variant]) throw new Error(`no variant ${variant}`);
    open.sessions[variant] ||= await ort.InferenceSession.create(model, {
        executionProviders: ['cpu'],
        intraOpNumThreads: Number(threads),
        interOpNumThreads: 1,
        executionMode: 'sequential',
        graphOptimizationLevel: 'all',
        freeDimensionOverrides: {n: batch},
        extra: {session: {intra_op: variants[variant], force_spinning_stop: '1'}},
    });
    return open.sessions[variant];
}

function tensor(from, batch) {
    return new ort.Tensor('float32', inputs.subarray(from * IMAGE, (from + batch) * IMAGE), [batch, 3, 224, 224]);
}

const requests = {
    async outputs(path, variant) {
        const parts = [], run = await session(1, variant);
        for (let i = 0; i < inputs.length / IMAGE; i++)
            parts.push(Buffer.from((await run.run({input: tensor(i, 1)})).output.data.slice().buffer));
        fs.writeFileSync(path, Buffer.concat(parts));
        return 'ok';
    },
    async forward(batch, seconds, variant) {
        const size = Number(batch), run = await session(size, variant), feeds = {input: tensor(0, size)};
        const start = process.hrtime.bigint();
        let images = 0, elapsed = 0;
        while (images === 0 || elapsed < Number(seconds)) {
            await run.run(feeds);
            images += size;
            elapsed = Number(process.hrtime.bigint() - start) / 1e9;
        }
        return images / elapsed;
    },
};

async function main() {
    console.log('ready', ...Object.keys(variants));
    for await (const line of readline.createInterface({input: process.stdin})) {
        const [name, ...words] = line.split(' ');
        try {
            console.log(String(await requests[name](...words)));
        } catch (error) {
            console.log('error ' + String(error.message).replace(/\n/g, ' '));
        }
    }
}

main();
