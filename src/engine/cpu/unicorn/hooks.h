// SPDX-License-Identifier: MIT
//
// What Unicorn calls while a guest runs.

#ifndef ENGINE_CPU_UNICORN_HOOKS_H
#define ENGINE_CPU_UNICORN_HOOKS_H

#include "engine/cpu/unicorn/engine.h"

extern const struct engine_hooks run_hooks;

#endif // ENGINE_CPU_UNICORN_HOOKS_H
