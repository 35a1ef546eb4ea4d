/*
 * methods/files.h - the door to files for methods that have a PARAM_PATH: HDF5 (base/h5.h), plain files (base/input.h)
 * and texts.
 *
 * A method opens its file in open() and closes it in close(): once for each worker, one worker at a time. That the file
 * exists has been checked before, and its SHA-256 belongs to the run's identity.
 */
#ifndef METHODS_FILES_H
#define METHODS_FILES_H

#include "base/h5.h"
#include "base/input.h"
#include "base/text.h"
#include "methods/method.h"

#endif
