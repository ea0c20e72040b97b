// SPDX-License-Identifier: MIT
//
// The order of the checks.

#include "engine/cpu/unicorn/probe.h"

#include "engine/cpu/x86/msr.h"

#include <string.h>

// --- What they share ---

uint64_t probe_mark(unsigned i) {
    return 0x00005a17c0de0000ull + 0x1010ull * (i + 1);
}

bool probe_reject(struct probe *probe, const char *what) {
    if (probe->fault == NULL) {
        probe->fault = what;
    }
    return false;
}

uint8_t *probe_at(struct probe *probe, size_t offset) {
    return (uint8_t *)probe->context + probe->layout.state + offset;
}

uint32_t probe_get32(struct probe *probe, size_t offset) {
    uint32_t value;
    memcpy(&value, probe_at(probe, offset), sizeof value);
    return value;
}

uint64_t probe_get64(struct probe *probe, size_t offset) {
    uint64_t value;
    memcpy(&value, probe_at(probe, offset), sizeof value);
    return value;
}

size_t probe_find(struct probe *probe, size_t start, const void *value, size_t size) {
    size_t found = SIZE_MAX;
    size_t end = probe->layout.context_size - probe->layout.state;
    for (size_t offset = start; offset + size <= end; offset += 4) {
        if (memcmp(probe_at(probe, offset), value, size) == 0) {
            if (found != SIZE_MAX) {
                return SIZE_MAX;
            }
            found = offset;
        }
    }
    return found;
}

// --- The whole ---

// Says itself why not.
static bool open_engine(struct probe *probe) {
    probe->status = flat_engine_open(probe->hidden, NULL, &probe->engine);
    if (probe->status == ZX_OK) {
        probe->status = flat_engine_check(uc_context_alloc(probe->engine, &probe->context),
                                          "making room for a state");
    }
    return probe->status == ZX_OK;
}

#define LARGEST_CONTEXT_HEAD 64u

bool probe_examine(struct probe *probe) {
    if (!open_engine(probe)) {
        return false;
    }
    const size_t size = uc_context_size(probe->engine);
    probe->layout.context_size = size;
    if (size < LARGEST_CONTEXT_HEAD) {
        return probe_reject(probe, "the size of a context");
    }
    memset((uint8_t *)probe->context + LARGEST_CONTEXT_HEAD, 0, size - LARGEST_CONTEXT_HEAD);
    if (!probe_find_state(probe)) {
        return false;
    }
    uc_x86_msr tsc_aux = {IA32_TSC_AUX, probe_mark(PROBE_TSC_AUX)};
    uc_reg_write(probe->engine, UC_X86_REG_MSR, &tsc_aux);
    probe_fill_vmcb(probe->hidden + HIDDEN_VMCB);
    probe_fill_memory(probe->hidden);
    if (flat_engine_launch(probe->engine, probe->hidden, probe->context, NULL) != ZX_OK) {
        return probe_reject(probe, "starting guest mode");
    }
    return probe_find_registers(probe) && probe_find_media(probe) && probe_check_behaviour(probe);
}
