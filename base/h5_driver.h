/*
 * base/h5_driver.h - what libhdf5 gets from us in a child process: a file driver, a type. Private to base/h5_*child.c.
 *
 * The driver's file is the parent's: what the library writes and reads becomes steps (h5_wire.h). The parent alone calls
 * write(), so that every failure is seen with its reason, and the library is never left with a file that it could not
 * write: libhdf5 1.10 ignores some of these failures and crashes after others.
 */
#ifndef BASE_H5_DRIVER_H
#define BASE_H5_DRIVER_H

#include <hdf5.h>

/* A file access list that uses the driver; the file starts empty. Negative: the library refused. */
hid_t h5_driver_access(void);

/* IEEE binary16, little-endian. Negative: the library refused. */
hid_t h5_make_half(void);

#endif
