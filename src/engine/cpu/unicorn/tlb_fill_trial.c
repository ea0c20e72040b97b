// SPDX-License-Identifier: MIT
//
// Finding the pointer, and the trial: a load whose entry is made to lead to another page, a store
// and code whose entries Unicorn finds, and a load that is refused and ends the run before it.

#include "engine/cpu/unicorn/tlb_fill_trial.h"

#include "engine/cpu/unicorn/flat_engine.h"
#include "engine/cpu/unicorn/live.h"
#include "platform/peek.h"
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>

// Where in the processor, from its state on, the pointer is searched.
#define SEARCHED 0x8000u

static uintptr_t word_at(const uint8_t *bytes, size_t offset) {
    uintptr_t word;
    memcpy(&word, bytes + offset, sizeof word);
    return word;
}

static uintptr_t processor_of(uc_engine *unicorn, const struct layout *layout) {
    uintptr_t processor = 0;
    const bool read =
        platform_peek((uintptr_t)unicorn + layout->live.processor, &processor, sizeof processor);
    return read ? processor : 0;
}

// --- Finding it ---

// What follows the state, as far as it is there.
static size_t look(const uint8_t *state, uint8_t *out) {
    size_t size = 0;
    while (size < SEARCHED && platform_peek((uintptr_t)state + size, out + size, 0x100)) {
        size += 0x100;
    }
    return size;
}

struct looks {
    uint8_t walks[SEARCHED];
    uint8_t answers[SEARCHED];
};

static fill_function *function_at(const uint8_t *bytes, size_t offset) {
    fill_function *function = NULL;
    memcpy(&function, bytes + offset, sizeof function);
    return function;
}

// The one word that says which. From the state, or SIZE_MAX.
static size_t only_difference(const struct looks *looks, size_t size) {
    size_t found = SIZE_MAX;
    for (size_t offset = 0; offset + sizeof(uintptr_t) <= size; offset += sizeof(uintptr_t)) {
        if (word_at(looks->walks, offset) != word_at(looks->answers, offset)) {
            if (found != SIZE_MAX) {
                return SIZE_MAX;
            }
            found = offset;
        }
    }
    return found;
}

static bool find(uc_engine *unicorn, const uint8_t *state, uintptr_t processor, struct looks *looks,
                 struct fill_functions *out) {
    if (uc_ctl_tlb_mode(unicorn, UC_TLB_VIRTUAL) != UC_ERR_OK) {
        return false;
    }
    const size_t size = look(state, looks->answers);
    if (uc_ctl_tlb_mode(unicorn, UC_TLB_CPU) != UC_ERR_OK || look(state, looks->walks) != size) {
        return false;
    }
    const size_t offset = only_difference(looks, size);
    if (offset == SIZE_MAX) {
        return false;
    }
    out->slot = (uintptr_t)state - processor + offset;
    out->walk = function_at(looks->walks, offset);
    out->answer = function_at(looks->answers, offset);
    return true;
}

uint8_t *fill_slot(uc_engine *unicorn, const struct layout *layout,
                   const struct fill_functions *functions) {
    const uintptr_t processor = processor_of(unicorn, layout);
    fill_function *function = NULL;
    if (processor == 0 ||
        !platform_peek(processor + functions->slot, (uint8_t *)&function, sizeof function) ||
        function != functions->walk) {
        return NULL;
    }
    return (uint8_t *)(processor + functions->slot); // NOLINT(performance-no-int-to-ptr)
}

// --- The trial ---

static const uint8_t code[] = {
    0x48, 0x8b, 0x06, // mov rax, [rsi]
    0x48, 0x89, 0x07, // mov [rdi], rax
    0x48, 0x03, 0x03, // add rax, [rbx]
    0xf4,             // hlt
};
enum { AT_REFUSED = 6 };

// Pages of the hidden region.
#define CODE 0x5000u
#define LOADED 0x6000u
#define ANSWERED 0x7000u
#define STORED 0x8000u
#define REFUSED 0x9000u
#define IN_PAGE 0x128u
#define VALUE 0x71bf1117e57ed000ull

struct trial {
    struct fill_functions functions;
    uintptr_t processor;
    unsigned loads;
    unsigned stores;
    unsigned refusals;
    unsigned fetches;
    unsigned others;
};

static struct trial *under_way; // One at a time: see layout_get().

static bool on_fill(uc_engine *unicorn, uint64_t address, uc_mem_type type, uc_tlb_entry *result,
                    void *context) {
    (void)unicorn;
    (void)context;
    *result = (uc_tlb_entry){.paddr = HIDDEN_BASE + ANSWERED, .perms = UC_PROT_READ};
    return address == HIDDEN_BASE + LOADED && type == UC_MEM_READ;
}

static bool is_as_told(const struct tlb_miss *miss, uint64_t page, enum fill_access access) {
    return miss->linear / 0x1000 == (HIDDEN_BASE + page) / 0x1000 && miss->access == (int)access &&
           (uintptr_t)miss->processor == under_way->processor && miss->mode == FILL_SUPERVISOR &&
           !miss->probe;
}

static bool fill_trial(void *processor, uint64_t linear, int size, int access, int mode, bool probe,
                       uintptr_t return_address) {
    const struct tlb_miss miss = {processor, linear, size, access, mode, probe, return_address};
    if (is_as_told(&miss, LOADED, FILL_LOAD)) {
        under_way->loads++;
        return under_way->functions.answer(processor, linear, size, access, mode, probe, 0);
    }
    if (is_as_told(&miss, REFUSED, FILL_LOAD) && return_address != 0) {
        under_way->refusals++;
        return fill_by(under_way->functions.answer, &miss);
    }
    if (is_as_told(&miss, STORED, FILL_STORE)) {
        under_way->stores++;
    } else if (is_as_told(&miss, CODE, FILL_FETCH)) {
        under_way->fetches++;
    } else {
        under_way->others++;
    }
    return fill_by(under_way->functions.walk, &miss);
}

static bool reads_as(uc_engine *unicorn, int name, uint64_t expected) {
    uint64_t value = 0;
    return uc_reg_read(unicorn, name, &value) == UC_ERR_OK && value == expected;
}

static bool run(uc_engine *unicorn, uint8_t *hidden, const struct layout *layout) {
    const uint64_t value = VALUE;
    const uint64_t source = HIDDEN_BASE + LOADED + IN_PAGE;
    const uint64_t target = HIDDEN_BASE + STORED + IN_PAGE;
    const uint64_t refused = HIDDEN_BASE + REFUSED + IN_PAGE;
    fill_function *const own = fill_trial;
    uint8_t *slot = fill_slot(unicorn, layout, &under_way->functions);
    uc_hook hook = 0;
    memcpy(hidden + CODE, code, sizeof code);
    memcpy(hidden + ANSWERED + IN_PAGE, &value, sizeof value);
    if (slot == NULL ||
        uc_hook_add(unicorn, &hook, UC_HOOK_TLB_FILL, (void *)on_fill, NULL, 1, 0) != UC_ERR_OK ||
        uc_reg_write(unicorn, UC_X86_REG_RSI, &source) != UC_ERR_OK ||
        uc_reg_write(unicorn, UC_X86_REG_RDI, &target) != UC_ERR_OK ||
        uc_reg_write(unicorn, UC_X86_REG_RBX, &refused) != UC_ERR_OK) {
        return false;
    }
    memcpy(slot, &own, sizeof own);
    return uc_ctl_flush_tlb(unicorn) == UC_ERR_OK &&
           uc_emu_start(unicorn, HIDDEN_BASE + CODE, 0, 0, 0) == UC_ERR_EXCEPTION &&
           memcmp(hidden + STORED + IN_PAGE, &value, sizeof value) == 0 &&
           reads_as(unicorn, UC_X86_REG_RIP, HIDDEN_BASE + CODE + AT_REFUSED) &&
           reads_as(unicorn, UC_X86_REG_RAX, value);
}

static bool succeeds(struct trial *trial, uc_engine *unicorn, uint8_t *hidden,
                     const struct layout *layout) {
    uc_context *context = NULL;
    struct looks *looks = calloc(1, sizeof *looks);
    bool found = false;
    if (looks != NULL && uc_context_alloc(unicorn, &context) == UC_ERR_OK) {
        const uint8_t *state = live_state(unicorn, context, layout);
        uc_context_free(context);
        trial->processor = processor_of(unicorn, layout);
        found = state != NULL && find(unicorn, state, trial->processor, looks, &trial->functions);
    }
    free(looks);
    if (!found) {
        return false;
    }
    under_way = trial;
    const bool ran = run(unicorn, hidden, layout);
    under_way = NULL;
    return ran && trial->loads == 1 && trial->stores == 1 && trial->refusals == 1 &&
           trial->fetches > 0 && trial->others == 0;
}

static bool forbidden(void) {
    const char *wish = getenv("ZIRCONIA_TLB");
    return wish != NULL && strcmp(wish, "engine") == 0;
}

struct fill_functions tlb_fill_try(const struct layout *layout) {
    uint8_t *hidden = layout->copied != NULL || forbidden() ? NULL : platform_reserve(HIDDEN_SIZE);
    struct trial trial = {0};
    uc_engine *unicorn = NULL;
    bool succeeded = false;
    if (hidden == NULL) {
        return trial.functions;
    }
    if (platform_protect(hidden, HIDDEN_SIZE, PLATFORM_READ | PLATFORM_WRITE) &&
        flat_engine_open(hidden, NULL, &unicorn) == ZX_OK) {
        succeeded = succeeds(&trial, unicorn, hidden, layout);
        flat_engine_close(unicorn);
    }
    platform_unmap(hidden, HIDDEN_SIZE);
    return succeeded ? trial.functions : (struct fill_functions){0};
}
