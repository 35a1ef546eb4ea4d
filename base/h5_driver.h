/*
 * base/h5_driver.h - a file driver and a type for libhdf5 in a child process. Private to base/h5_*child.c.
 *
 * The driver's file belongs to the parent: the library's writes and reads become steps (h5_wire.h). The parent alone
 * calls write(), so that every failure is reported with its reason and the library never meets a failed write: libhdf5
 * 1.10 ignores some of these failures and crashes after others.
 */
#ifndef BASE_H5_DRIVER_H
#define BASE_H5_DRIVER_H

#include <hdf5.h>

/* A file access list that uses the driver; the file starts empty. Negative: the library refused. */
hid_t h5_driver_access(void);

/* IEEE binary16, little-endian. Negative: the library refused. */
hid_t h5_make_half(void);

#endif
