// SPDX-License-Identifier: MIT
//
// Judges a boot by what the kernel and init wrote to the serial port. No time is in it.

#ifndef TESTS_LINUX_VERDICT_H
#define TESTS_LINUX_VERDICT_H

#include <stdbool.h>

// False, and a line on standard error, for output that misses something or has what it must not.
bool verdict(const char *output, const char *busybox_md5, unsigned processor_count);

#endif // TESTS_LINUX_VERDICT_H
