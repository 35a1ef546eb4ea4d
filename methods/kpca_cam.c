/*
 * methods/kpca_cam.c - KPCA-CAM. Karmani et al., "KPCA-CAM: Visual Explainability of Deep Computer Vision Models using
 * Kernel PCA", 2024, arXiv:2410.00267. Eigen-CAM with a kernel K (h*w,h*w) in place of the inner products of the
 * features at two positions. Independent of the class.
 */
#include "methods/eigen.h"

#include <float.h>

enum kernel { KERNEL_SIGMOID, KERNEL_RBF, KERNEL_POLY, KERNEL_LINEAR, KERNEL_COSINE };

struct kpca_cam {
    int kernel, degree;
    double gamma, coef0;
    bool center;
};

/* The kernel of two positions from the inner products of their features: of both, of each with itself. */
static double kernel_of(const struct kpca_cam *p, double gamma, double both, double first, double second)
{
    switch (p->kernel) {
    case KERNEL_SIGMOID:
        return tanh(gamma * both + p->coef0);
    case KERNEL_RBF:
        return exp(-gamma * fmax(0, first + second - 2 * both));
    case KERNEL_POLY:
        return pow(gamma * both + p->coef0, p->degree);
    case KERNEL_COSINE:
        return first > 0 && second > 0 ? both / (sqrt(first) * sqrt(second)) : 0;
    default:
        return both;
    }
}

/* Turns the upper triangle of inner products into that of the kernel; `own` (n) is scratch. */
static void apply_kernel(const struct kpca_cam *p, double gamma, size_t n, double *own, double *matrix)
{
    for (size_t a = 0; a < n; a++)
        own[a] = matrix[a * n + a];
    for (size_t a = 0; a < n; a++)
        for (size_t b = a; b < n; b++)
            matrix[a * n + b] = kernel_of(p, gamma, matrix[a * n + b], own[a], own[b]);
}

static double largest_magnitude(const double *matrix, size_t n)
{
    double most = 0;
    for (size_t a = 0; a < n; a++)
        for (size_t b = a; b < n; b++)
            most = fmax(most, fabs(matrix[a * n + b]));
    return most;
}

/* Subtracts the means of rows and columns and adds the mean of all, in the upper triangle; `mean` (n) is scratch. */
static void centre(size_t n, double *mean, double *matrix)
{
    double whole = 0;
    for (size_t a = 0; a < n; a++) {
        double sum = 0;
        for (size_t b = 0; b < n; b++)
            sum += b < a ? matrix[b * n + a] : matrix[a * n + b];
        mean[a] = sum / (double)n;
        whole += mean[a] / (double)n;
    }
    for (size_t a = 0; a < n; a++)
        for (size_t b = a; b < n; b++)
            matrix[a * n + b] += whole - mean[a] - mean[b];
}

/* Writes the map from the kernel's upper triangle (n,n); scratch and vector have n elements. */
static int project(struct cam *cam, size_t n, double *matrix, double *scratch, double *vector, float *map)
{
    const double rounding = DBL_EPSILON * (double)n * largest_magnitude(matrix, n);
    double value;
    centre(n, scratch, matrix);
    if (!doubles_are_finite(matrix, n * n)) {
        map[0] = NAN;
        return 0;
    }
    if (eigen_leading(cam, matrix, n, &value, vector))
        return -1;
    eigen_make_largest_positive(vector, n);
    for (size_t i = 0; i < n; i++)
        map[i] = value > rounding ? (float)(sqrt(value) * vector[i]) : 0;
    return 0;
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct kpca_cam *p = params;
    const struct tensor *act = cam_activations(cam); /* (C,h,w) */
    if (!act)
        return -1;
    const size_t positions = tensor_plane(act);
    const double *planes = eigen_features(cam, act, p->center);
    double *matrix = planes ? eigen_gram(cam, planes, (size_t)act->c, positions) : NULL;
    double *own = cam_alloc(cam, positions, sizeof *own), *vector = cam_alloc(cam, positions, sizeof *vector);
    if (!matrix || !own || !vector)
        return -1;
    apply_kernel(p, p->gamma > 0 ? p->gamma : 1 / (double)act->c, positions, own, matrix);
    return project(cam, positions, matrix, own, vector, map);
}

static const struct param params[] = {
    PARAM_ENUM(struct kpca_cam, kernel, "sigmoid|rbf|poly|linear|cosine", "K(a, b) of the features at two positions"),
    PARAM_ROW(struct kpca_cam, gamma, FLOAT, .fallback = "auto", .choices = "auto", .min = 1e-9, .max = 1e9,
              .help = "of sigmoid, rbf and poly; auto: 1/C"),
    PARAM_FLOAT(struct kpca_cam, coef0, 1, -1e9, 1e9, "added in sigmoid and poly"),
    PARAM_INT(struct kpca_cam, degree, 3, 1, 10, "of poly"),
    PARAM_BOOL(struct kpca_cam, center, true, "the mean of each channel is subtracted first"),
    {0}};

const struct method method_kpca_cam = {
    .abi = METHOD_ABI,
    .name = "kpca_cam",
    .title = "KPCA-CAM",
    .year = 2024,
    .source = "karmani2024kpcacam",
    .version = 1,
    .group = METHOD_ACTIVATIONS,
    .peers = "pytorch-grad-cam KPCA_CAM",
    .passes = "1 forward",
    .params = params,
    .params_size = sizeof(struct kpca_cam),
    .explain = explain,
};
