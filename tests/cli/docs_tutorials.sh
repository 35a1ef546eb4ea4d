# docs/add-a-method.md and docs/add-a-metric.md, followed to the letter: the files compile, the tests pass.
python3 "$ROOT/tests/cli/docs.py" tutorials "$ROOT" "$BUILD"
