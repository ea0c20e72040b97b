// SPDX-License-Identifier: MIT
//
// The Unicorn in use.

#ifndef ENGINE_CPU_UNICORN_VERSION_H
#define ENGINE_CPU_UNICORN_VERSION_H

#include <stdbool.h>

struct layout;

// Whether its interface is one that this library knows.
bool version_supported(void);

// Completes engine_describe()'s note by how this library uses it. Once.
void version_complete_note(const struct layout *layout);

#endif // ENGINE_CPU_UNICORN_VERSION_H
