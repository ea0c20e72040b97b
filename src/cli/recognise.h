// SPDX-License-Identifier: MIT
//
// Recognises files that were given by mistake.

#ifndef CLI_RECOGNISE_H
#define CLI_RECOGNISE_H

#include <stddef.h>
#include <stdint.h>

// A phrase such as "a Linux kernel (bzImage)", or NULL for what may well be a flat binary.
const char *recognise(const uint8_t *file, size_t size);

#endif // CLI_RECOGNISE_H
