/*
 * ONNX Runtime's outputs on a pipe, for onnx_exports.py: images go through a model one by one.
 *
 * usage: onnx_outputs.js, with onnxruntime-node in NODE_PATH
 * requests: "outputs FILE MODEL INPUTS CxHxW"
 */
'use strict';
const fs = require('fs');
const readline = require('readline');
const ort = require('onnxruntime-node');

async function outputs(path, model, inputsPath, shape) {
    const dims = shape.split('x').map(Number), size = dims.reduce((a, b) => a * b), parts = [];
    const bytes = fs.readFileSync(inputsPath), inputs = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const session = await ort.InferenceSession.create(model, {intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3});
    for (let at = 0; at < inputs.length; at += size) {
        const feeds = {input: new ort.Tensor('float32', inputs.subarray(at, at + size), [1, ...dims])};
        parts.push(Buffer.from((await session.run(feeds)).output.data.slice().buffer));
    }
    await session.release();
    fs.writeFileSync(path, Buffer.concat(parts));
    return 'ok';
}

async function main() {
    console.log('ready');
    for await (const line of readline.createInterface({input: process.stdin})) {
        const [, ...words] = line.split(' ');
        try {
            console.log(await outputs(...words));
        } catch (error) {
            console.log('error ' + String(error.message).replace(/\n/g, ' '));
        }
    }
}

main();
