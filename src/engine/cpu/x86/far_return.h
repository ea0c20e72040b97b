// SPDX-License-Identifier: MIT
//
// When the engine would get a far return wrong.

#ifndef ENGINE_CPU_X86_FAR_RETURN_H
#define ENGINE_CPU_X86_FAR_RETURN_H

#include "engine/cpu/cpu.h"

// Would a return to ring 3 make FS or GS null whose base must stay? To be asked again after each
// load of them, and when IA-32e mode begins or ends.
bool far_return_loses_base(const struct cpu *cpu);

#endif // ENGINE_CPU_X86_FAR_RETURN_H
