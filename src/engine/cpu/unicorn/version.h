// SPDX-License-Identifier: MIT
//
// The Unicorn in use.

#ifndef ENGINE_CPU_UNICORN_VERSION_H
#define ENGINE_CPU_UNICORN_VERSION_H

#include <stdbool.h>

// Whether its interface is one that this library knows.
bool version_supported(void);

#endif // ENGINE_CPU_UNICORN_VERSION_H
