// SPDX-License-Identifier: MIT
//
// The host's own processor as the judge, where it is of the guest's kind: random sequences of
// unprivileged instructions, and every form of the table in oracle/table.inc in random states, run
// on it and in a guest, and must leave the same registers, flags, memory and faults, but for the
// differences that oracle/differences.inc lists. A listed difference that no longer occurs is a
// failure, too. Of processors that are not Intel's, oracle/vendor.inc names what is not comparable.
// ZIRCONIA_TEST_SEEDS says how many sequences, ZIRCONIA_TEST_STATES how many states.

#define _DEFAULT_SOURCE // NOLINT: MAP_ANON

#include "corner_word.h"
#include "guest_fixture.h"
#include "instruction_mix.h"
#include "oracle/compare.h"
#include "oracle/run.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#include <sys/mman.h>
#define HAVE_ORACLE 1
#else
#define HAVE_ORACLE 0
#endif

#define BLOCK 0x20000u
#define STACK 0x30000u
#define FLAGS 0x8d5u
#define CODE_SIZE 4096u
#define INSTRUCTIONS 40u

#if HAVE_ORACLE

static uint8_t *native;

static void emit(size_t *size, const char *bytes, size_t count) {
    memcpy(native + *size, bytes, count);
    *size += count;
}

// Wraps the sequence in a function of the host: the callee's registers are saved, R15 = RDI.
static void run_native(const uint8_t *code, size_t size, struct mix_block *block) {
    size_t used = 0;
    emit(&used, "\x53\x55\x41\x54\x41\x55\x41\x56\x41\x57\x49\x89\xff", 13);
    memcpy(native + used, code, size);
    used += size;
    emit(&used, "\x41\x5f\x41\x5e\x41\x5d\x41\x5c\x5d\x5b\xfc\xc3", 12);
    void (*function)(struct mix_block *);
    memcpy(&function, &native, sizeof native);
    function(block);
}

// `done` of common.inc is at ENTRY: the VCPU stands behind it, where the sequence begins.
static const uint8_t done[12] = {0x48, 0xc7, 0x04, 0x25, 0x00, 0xf0, 0xff};

static void run_in_guest(const uint8_t *code, size_t size, struct mix_block *block) {
    uint8_t jump[5] = {0xe9};
    const uint32_t back = (uint32_t) - (int32_t)(sizeof done + size + sizeof jump);
    memcpy(jump + 1, &back, sizeof back);
    memory_write(ENTRY + sizeof done, code, size);
    memory_write(ENTRY + sizeof done + size, jump, sizeof jump);
    memory_write(BLOCK, block, sizeof *block);
    zx_vcpu_state_t state = {.r15 = BLOCK, .rsp = STACK};
    write_state(&state);
    enter_to_end();
    ck_assert_int_eq(zx_vmo_read(memory, block, BLOCK, sizeof *block), ZX_OK);
}

static void fill(struct mix *mix, struct mix_block *block) {
    uint64_t *words = (uint64_t *)block;
    for (size_t i = 0; i < sizeof *block / sizeof *words; i++) {
        words[i] = corner_word(mix_random(mix));
    }
    block->flags = (mix_random(mix) & FLAGS) | 0x202;
}

static void compare(uint64_t seed, const struct mix *mix, struct mix_block *ours,
                    struct mix_block *theirs) {
    const uint64_t compared = FLAGS & ~mix->undefined;
    ours->flags &= compared;
    theirs->flags &= compared;
    for (unsigned i = 0; i < 15; i++) {
        ck_assert_msg(ours->registers[i] == theirs->registers[i],
                      "seed %llu: register %u is %#llx, the host has %#llx",
                      (unsigned long long)seed, i, (unsigned long long)ours->registers[i],
                      (unsigned long long)theirs->registers[i]);
    }
    ck_assert_msg(ours->flags == theirs->flags, "seed %llu: flags %#llx, the host has %#llx",
                  (unsigned long long)seed, (unsigned long long)ours->flags,
                  (unsigned long long)theirs->flags);
    ck_assert_msg(memcmp(ours->memory, theirs->memory, sizeof ours->memory) == 0,
                  "seed %llu: memory differs", (unsigned long long)seed);
    ck_assert_msg(memcmp(ours->vectors, theirs->vectors, sizeof ours->vectors) == 0,
                  "seed %llu: vectors differ", (unsigned long long)seed);
}

static void run_seed(uint64_t seed) {
    static uint8_t code[CODE_SIZE];
    struct mix mix = {.random = seed * 0x9e3779b97f4a7c15u + 1, .code = code};
    struct mix_block ours;
    struct mix_block theirs;
    fill(&mix, &ours);
    theirs = ours;
    mix_make(&mix, INSTRUCTIONS);
    run_in_guest(code, mix.size, &ours);
    run_native(code, mix.size, &theirs);
    compare(seed, &mix, &ours, &theirs);
}

START_TEST(the_host_computes_the_same) {
    const char *wanted = getenv("ZIRCONIA_TEST_SEEDS");
    const uint64_t count = wanted != NULL ? strtoull(wanted, NULL, 0) : 10000;
    native = mmap(NULL, CODE_SIZE + 64, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANON,
                  -1, 0);
    ck_assert_ptr_ne(native, MAP_FAILED);
    guest_start("port_echo"); // Any: this takes its place.
    memory_write(ENTRY, done, sizeof done);
    enter_to_end();
    for (uint64_t seed = 1; seed <= count; seed++) {
        run_seed(seed);
    }
    guest_close();
}
END_TEST

// --- Single instructions, by the table of oracle/table.inc ---

static void print_difference(const struct form *form, uint64_t number, enum aspect aspect,
                             const struct oracle_case *theirs, const struct oracle_case *ours) {
    fprintf(stderr, "new: %s %s %s, state %llu:", form->row->name, aspect_names[aspect],
            circumstance_names[theirs->circumstance], (unsigned long long)number);
    for (unsigned i = 0; i < form->size; i++) {
        fprintf(stderr, " %02x", form->bytes[i]);
    }
    size_t byte = 0;
    while (byte + 1 < CASE_MEMORY && theirs->memory[byte] == ours->memory[byte]) {
        byte++;
    }
    fprintf(stderr, " memory +%zu %02x %02x", byte - case_operand(form), theirs->memory[byte],
            ours->memory[byte]);
    fprintf(stderr, " control %x %x vector %lld %lld flags %llx %llx status %x %x mxcsr %x %x\n",
            theirs->out_fx.control, ours->out_fx.control, (long long)theirs->vector,
            (long long)ours->vector, (unsigned long long)theirs->out_flags,
            (unsigned long long)ours->out_flags, theirs->out_fx.status, ours->out_fx.status,
            theirs->out_fx.mxcsr, ours->out_fx.mxcsr);
}

static unsigned judge(const struct form *form, uint64_t number, const struct oracle_case *theirs,
                      const struct oracle_case *ours) {
    unsigned unknown = 0;
    const unsigned differences = case_differences(form, theirs, ours);
    for (enum aspect aspect = 0; aspect < ASPECTS; aspect++) {
        if ((differences >> aspect & 1) != 0 &&
            !difference_is_known(form, aspect, (enum circumstance)theirs->circumstance)) {
            print_difference(form, number, aspect, theirs, ours);
            unknown++;
        }
    }
    return unknown;
}

static struct form *forms;
static size_t form_count;
static bool model; // The host is of the vendor that the list of differences is of.

// How much code of 32 bits ran on the host. If none did, it would fault alike on both sides.
static unsigned legacy_runs;
static bool host_refuses_legacy;

static void count_legacy(const struct form *form, const struct oracle_case *theirs) {
    legacy_runs += form->row->legacy && theirs->vector == NO_FAULT;
}

// Whether the host has no such code at all: none of these cases came to it.
static bool has_no_legacy(size_t first, size_t count, const struct oracle_case *theirs) {
    unsigned refused = 0;
    unsigned legacy = 0;
    for (size_t i = 0; i < count; i++) {
        legacy += forms[first + i].row->legacy;
        refused += forms[first + i].row->legacy && oracle_host_refused(&theirs[i]);
    }
    return legacy > 0 && refused == legacy;
}

// All forms from `first` on that fit, each with the state of that number.
static unsigned run_forms(size_t first, size_t count, uint64_t number) {
    static struct oracle_case theirs[ORACLE_MAX_CASES];
    static struct oracle_case ours[ORACLE_MAX_CASES];
    unsigned unknown = 0;
    for (size_t i = 0; i < count; i++) {
        case_fill(&theirs[i], &forms[first + i], number,
                  (uint64_t)(ORACLE_CASES + i * sizeof theirs[i]));
        theirs[i].form = first + i;
    }
    memcpy(ours, theirs, count * sizeof *ours);
    oracle_run_host(theirs, count);
    oracle_run_guest(ours, count);
    const bool no_legacy = has_no_legacy(first, count, theirs);
    host_refuses_legacy = host_refuses_legacy || no_legacy;
    for (size_t i = 0; i < count; i++) {
        const struct form *form = &forms[first + i];
        count_legacy(form, &theirs[i]);
        if ((!model && form_depends_on_vendor(form)) || (no_legacy && form->row->legacy)) {
            continue;
        }
        unknown += judge(&forms[first + i], number, &theirs[i], &ours[i]);
    }
    return unknown;
}

enum { FEW_STATES = 16, MANY_STATES = 96 };

// ZIRCONIA_TEST_STATES says how many states each form is tried in.
START_TEST(every_form_does_what_the_host_does) {
    unsigned unknown = 0;
    const char *wanted = getenv("ZIRCONIA_TEST_STATES");
    const uint64_t states = wanted != NULL ? strtoull(wanted, NULL, 0) : FEW_STATES;
    model = host_is_model();
    forms = forms_make(&form_count);
    ck_assert_uint_ge(form_count, 4000);
    oracle_start(forms, form_count);
    for (uint64_t number = 0; number < states; number++) {
        for (size_t first = 0; first < form_count; first += ORACLE_MAX_CASES) {
            const size_t left = form_count - first;
            unknown += run_forms(first, left < ORACLE_MAX_CASES ? left : ORACLE_MAX_CASES, number);
        }
    }
    ck_assert(host_refuses_legacy == (legacy_runs == 0));
    if (host_refuses_legacy) {
        fprintf(stderr, "left out: this host has no 32-bit code for programs\n");
    }
    const unsigned gone =
        model && !host_refuses_legacy ? known_differences_gone(states >= MANY_STATES) : 0;
    ck_assert_msg(unknown == 0 && gone == 0, "%u new differences, %u gone", unknown, gone);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {the_host_computes_the_same, every_form_does_what_the_host_does};
    return run_tests("oracle", tests, sizeof tests / sizeof tests[0]);
}

#else

int main(void) {
    return 77; // CTest counts it as skipped.
}

#endif
