// SPDX-License-Identifier: MIT
//
// The Unicorn in use.

#ifndef ENGINE_CPU_UNICORN_VERSION_H
#define ENGINE_CPU_UNICORN_VERSION_H

#include <stdbool.h>

// Whether its interface is one that this library knows.
bool version_supported(void);

// Completes engine_describe()'s note by how this library uses it: why it copies the state, or NULL,
// and whether CPUID and RDTSC do without exits. Once.
void version_complete_note(const char *copied, bool answers);

#endif // ENGINE_CPU_UNICORN_VERSION_H
