// SPDX-License-Identifier: MIT
//
// Whether instructions can be answered in the middle of a block, by hooks, instead of by an exit:
// CPUID, for which Unicorn has a hook, and RDTSC and RDTSCP, which Unicorn is shown as another
// instruction that has one (stand_in.h). Relied on only after a trial, which is one of the copy of
// code, too, in which that one stands (code_copy.h).

#ifndef ENGINE_CPU_UNICORN_ANSWERS_H
#define ENGINE_CPU_UNICORN_ANSWERS_H

#include "engine/cpu/unicorn/layout.h"

#include <stdbool.h>
#include <unicorn/unicorn.h>

// Makes an engine and tries: layout->answers, which is false, too, when the environment says
// ZIRCONIA_ANSWERS=exits, and what it needs, layout->shows_copy. Both are false where the state is
// copied.
void answers_try(struct layout *layout);

// Whether calls begin with a guest's first run, for which the environment says
// ZIRCONIA_ANSWERS=calls.
bool answers_call_at_once(void);

// What Unicorn calls: for CPUID, true if it was answered; for a call that stands for an instruction
// (stand_in.h); for an IN that stands for another, whose answer's low half is returned.
struct answer_hooks {
    int (*cpuid)(uc_engine *unicorn, void *context);
    void (*call)(uc_engine *unicorn, void *context);
    uint32_t (*input)(uc_engine *unicorn, uint32_t port, int size, void *context);
};

// The hooks that are set.
struct answer_handles {
    uc_hook first; // The hook of CPUID, or that of calls.
    uc_hook input;
};

// Sets the hook of CPUID, or that of calls. Only one of the two can be the first hook: once a stop
// is on its way Unicorn overlooks later ones, and would answer CPUID by itself, or pass over a
// call. Of IN it calls every hook.
uc_err answers_add_hooks(uc_engine *unicorn, const struct answer_hooks *hooks, bool calls,
                         void *context, struct answer_handles *out);

#endif // ENGINE_CPU_UNICORN_ANSWERS_H
