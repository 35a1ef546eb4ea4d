#!/bin/sh
# Writes the main() of a test program: every TEST(name) of the source becomes a cmocka test.
# usage: test_main.sh tests/ROOM/test_X.c > main.c
set -eu
names=$(sed -n 's/^TEST(\([a-z0-9_]*\)).*/\1/p' "$1")
[ -n "$names" ] || { echo "$1: holds no TEST(...)" >&2; exit 1; }
echo "/* Written by tools/test_main.sh from $1. */"
echo '#include "tests/test.h"'
echo
for name in $names; do echo "void $name(void **state);"; done
echo
echo 'int main(void)'
echo '{'
echo '    const struct CMUnitTest tests[] = {'
for name in $names; do echo "        cmocka_unit_test($name),"; done
echo '    };'
echo "    return cmocka_run_group_tests_name(\"$(echo "$1" | sed 's|^tests/||; s|\.c$||')\", tests, NULL, NULL);"
echo '}'
