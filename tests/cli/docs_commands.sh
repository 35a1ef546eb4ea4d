# The commands, configs and options that the documents show are the program's.
python3 "$ROOT/tests/cli/docs.py" commands "$ROOT" "$BUILD"
