# outside of the project
try cambench new method mycam

# in a project: what the command looks for, and nothing else
mkdir methods metrics tests
touch Makefile methods/method.h metrics/metric.h tests/test.h
try cambench new method mycam
try cambench new metric roughness --quiet
find methods metrics tests -type f | sort

# nothing is overwritten; names are checked
try cambench new method mycam
try cambench new metric mycam
try cambench new method gradcam
try cambench new metric adcc
try cambench new method MyCam
try cambench new method 1cam
try cambench new method ../cam
try cambench new method a_name_that_is_much_too_long_to_be_a_name
try cambench new methods mycam
try cambench new method

# both files compile without a warning, and the tests pass
flags="-std=gnu17 -fopenmp -Wall -Wextra -Wshadow -Werror -I$ROOT ${CFLAGS-} ${EXTRA-}"
libraries="-lcmocka $(pkg-config --libs openblas hdf5-serial libcrypto) -lm"
run_test()
{
    local room=$1 name=$2
    shift 2
    "$ROOT/tools/test_main.sh" "tests/$room/test_$name.c" >main.c
    # shellcheck disable=SC2086 # several words
    ${CC:-cc} $flags "$room/$name.c" "tests/$room/test_$name.c" main.c "$ROOT/tests/golden.c" "$@" $libraries -o program
    ./program >log.txt 2>&1
    tail -n 1 log.txt
}
rm -rf methods/method.h metrics/metric.h tests/test.h
run_test methods mycam "$BUILD"/lib{methods,backbones,nn,base}.a
run_test metrics roughness "$BUILD"/lib{metrics,nn,base}.a
