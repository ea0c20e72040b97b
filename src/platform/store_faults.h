// SPDX-License-Identifier: MIT
//
// Stores of the program that the host refuses because the page is read-only.

#ifndef PLATFORM_STORE_FAULTS_H
#define PLATFORM_STORE_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

// Called on the thread that faulted, in the handler of the fault, unless a copy of ours did. It may
// be something else than a store. True when the instruction is to be tried again.
typedef bool platform_store_fn(uintptr_t address);

// Has them told from now on. False where the host has no such handlers.
bool platform_watch_stores(platform_store_fn *on_store);

#endif // PLATFORM_STORE_FAULTS_H
