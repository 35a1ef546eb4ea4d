/*
 * tests/methods/every_method.h - calls of all methods, for tests that must hold for each of them.
 *
 * Every method of the build has at least one row, which every_method_is_listed() checks. Methods that need a file or a
 * command have none. Parameters other than the defaults make a method cheaper, or wrap another base.
 */
#ifndef TESTS_METHODS_EVERY_METHOD_H
#define TESTS_METHODS_EVERY_METHOD_H

#include "tests/methods/networks.h"

struct call {
    const char *name, *params;
    bool may_stop; /* it may make fewer passes than its declared cost: ends early, leaves out constant channels */
};

static const struct call every_method[] = {
    {"ablationcam", "", false},
    {"actmap", "", false},
    {"aug_smooth", "", false},
    {"aug_smooth", "base=reciprocam", false},
    {"cam", "", false},
    {"center_gaussian", "", false},
    {"clustercam", "", false},
    {"edge", "", false},
    {"eigen_smooth", "", false},
    {"eigen_smooth", "base=ablationcam", false},
    {"eigencam", "", false},
    {"eigengradcam", "", false},
    {"fakecam", "", false},
    {"fem", "", false},
    {"finercam", "", false},
    {"finercam", "base=layercam aggregate=weighted", false},
    {"fullgrad", "", false},
    {"gradcam", "", false},
    {"gradcam_elementwise", "", false},
    {"gradcam_pp", "", false},
    {"groupcam", "", true},
    {"guided_backprop", "", false},
    {"guided_gradcam", "", false},
    {"hirescam", "", false},
    {"input_x_gradient", "", false},
    {"integrated_gradients", "", false},
    {"iscam", "", false},
    {"kpca_cam", "", false},
    {"layercam", "", false},
    {"liftcam", "", false},
    {"multi_layer", "", false},
    {"multi_layer", "base=scorecam fuse=max", true},
    {"null", "", false},
    {"occlusion", "", false},
    {"opticam", "", true},
    {"polycam", "", true},
    {"random", "", false},
    {"randomcam", "", false},
    {"reciprocam", "", false},
    {"refinecam", "", false},
    {"refinecam", "base=hirescam mix=nth_root", false},
    {"rise", "masks=300", false},
    {"saliency", "", false},
    {"scorecam", "", true},
    {"scorecam", "scoring=pytorch_grad_cam", false},
    {"shapleycam", "", false},
    {"smoothgrad", "", false},
    {"smoothgrad_cam_pp", "", false},
    {"sscam", "samples=2", false},
    {"uniform", "", false},
    {"winsorcam", "", false},
    {"xgradcam", "", false},
};
#define EVERY_METHOD ((int)(sizeof every_method / sizeof *every_method))

/* Runs a call on the pass. 0, or -1 with bench->err: the method refuses. */
static inline int bench_call(struct bench *bench, const struct call *call, const char *layer, int klass,
                             struct cam_map *map)
{
    const struct method *method = bench_method(call->name);
    const int index = network_find_layer(bench->network, layer);
    assert_true(index >= 0);
    bench_set_class(bench, klass);
    return cam_explain(bench->pass, method, bench_params(bench, method, call->params), index, call->name, map,
                       &bench->err);
}

#endif
