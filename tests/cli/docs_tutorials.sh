# Follows docs/add-a-method.md and docs/add-a-metric.md to the letter: the files compile and the tests pass.
python3 "$ROOT/tests/cli/docs.py" tutorials "$ROOT" "$BUILD"
