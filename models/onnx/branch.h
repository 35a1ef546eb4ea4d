/* models/onnx/branch.h - the nodes of a file with those of the branches of `If` among them. */
#ifndef MODELS_ONNX_BRANCH_H
#define MODELS_ONNX_BRANCH_H

#include "models/onnx/importer.h"

/* Writes im->nodes, im->tensors and what belongs to them. */
int import_flatten(struct importer *im, struct error *err);

/* Of the branches around a node: passed by are those that are not chosen. */
enum branch_state { BRANCH_TAKEN, BRANCH_PASSED_BY, BRANCH_UNKNOWN };
enum branch_state import_branch_state(struct importer *im, int node);

/* Whether a node needs its input: an `If` does not need those of a branch that is not chosen. */
bool import_reads(const struct importer *im, int node, int i);

/* Makes the outputs of an `If` those of the branch that is chosen. */
import_function import_if;

/* Refuses a node whose operator of this domain is not known, or the `If` whose condition it is. */
int import_refuse_op(struct importer *im, const char *domain, struct error *err);

#endif
