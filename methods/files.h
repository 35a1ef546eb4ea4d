/*
 * methods/files.h - what a method with a PARAM_PATH includes to read its file: HDF5 (base/h5.h), plain files
 * (base/input.h) and texts.
 *
 * A method opens its file in open() and closes it in close(): once for each worker, one worker at a time. A run checks
 * before it starts that the file exists, and the file's SHA-256 is part of the run's identity.
 */
#ifndef METHODS_FILES_H
#define METHODS_FILES_H

#include "base/h5.h"
#include "base/input.h"
#include "base/text.h"
#include "methods/method.h"

#endif
