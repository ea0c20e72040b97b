// SPDX-License-Identifier: MIT
//
// The comparison, without what the manual leaves undefined; see the header.

#include "oracle/compare.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

const char *const aspect_names[ASPECTS] = {
    [FAULT] = "FAULT",
    [REGISTERS] = "REGISTERS",
    [FLAGS] = "FLAGS",
    [MEMORY] = "MEMORY",
    [VECTORS] = "VECTORS",
    [MXCSR] = "MXCSR",
    [MANTISSAS] = "MANTISSAS",
    [EXPONENTS] = "EXPONENTS",
    [EXCEPTIONS] = "EXCEPTIONS",
    [CONDITIONS] = "CONDITIONS",
    [ROUNDED_UP] = "ROUNDED_UP",
    [TOP] = "TOP",
    [TAGS] = "TAGS",
    [CONTROL] = "CONTROL",
};

const char *const circumstance_names[CIRCUMSTANCES] = {
    [PLAIN] = "PLAIN",   [ROUNDING] = "ROUNDING", [SPECIAL] = "SPECIAL",
    [FLUSH] = "FLUSH",   [EMPTY] = "EMPTY",       [UNMASKED] = "UNMASKED",
    [STICKY] = "STICKY", [PENDING] = "PENDING",   [UNALIGNED] = "UNALIGNED",
    [BEYOND] = "BEYOND",
};

#define PAGE_FAULT 14u
#define PAGE_PRESENT 1u
#define CONDITION_CODES (C0 | C2 | C3)
#define TOP_FIELD 0x3800u
#define EXCEPTION_FIELD 0x80ffu

// --- What is undefined ---

static unsigned count_of(const struct form *form, const struct oracle_case *host) {
    const char *encoding = form->row->encoding;
    const unsigned mask = form->width == 8 ? 0x3f : 0x1f;
    if (strstr(encoding, " ib") != NULL) {
        return form->immediate & mask;
    }
    const bool by_one = strncmp(encoding, "D0", 2) == 0 || strncmp(encoding, "D1", 2) == 0;
    return by_one ? 1 : (unsigned)host->registers[1] & mask;
}

static unsigned undefined_flags(const struct form *form, const struct oracle_case *host) {
    const unsigned count = count_of(form, host);
    unsigned undefined = count == 1 ? 0 : OF;
    switch (form->row->kind) {
    case SHIFT:
        undefined |= AF | (count >= form->width * 8u ? CF : 0);
        return count == 0 ? 0 : undefined;
    case DOUBLE_SHIFT:
        return count == 0 ? 0 : undefined | AF;
    case ROTATE:
        return count == 0 ? 0 : undefined;
    case X87:
    case ENVIRONMENT:
    case FX_IMAGE:
        return 0;
    default:
        return form->row->undefined;
    }
}

static unsigned undefined_conditions(const struct form *form) {
    const bool x87 =
        form->row->kind == X87 || form->row->kind == ENVIRONMENT || form->row->kind == FX_IMAGE;
    return x87 ? form->row->undefined : 0;
}

// --- The parts ---

static bool registers_differ(const struct form *form, const struct oracle_case *host,
                             const struct oracle_case *guest) {
    const unsigned count = form->row->legacy ? 8 : 16; // Upper halves do not survive 32-bit code.
    const uint64_t mask = form->row->legacy ? UINT32_MAX : UINT64_MAX;
    for (unsigned i = 0; i < count; i++) {
        if (((host->out_registers[i] ^ guest->out_registers[i]) & mask) != 0) {
            return true;
        }
    }
    return false;
}

static bool memory_differs(const struct form *form, const struct oracle_case *host,
                           const struct oracle_case *guest) {
    const size_t from = case_operand(form) + form->row->ignored_from;
    const size_t to = case_operand(form) + form->row->ignored_to;
    for (size_t i = 0; i < CASE_MEMORY; i++) {
        if (host->memory[i] != guest->memory[i] && (i < from || i >= to)) {
            return true;
        }
    }
    return false;
}

// The next number is the next when exponent and significand are read as one integer; at a power of
// two the integer bit comes between.
static bool is_next_to(const struct fx_image *host, const struct fx_image *guest, unsigned i) {
    const uint64_t mask = UINT64_MAX >> 1;
    const uint64_t host_low = host->st[i].mantissa & mask;
    const uint64_t guest_low = guest->st[i].mantissa & mask;
    const int carry = host->st[i].exponent - guest->st[i].exponent;
    const uint64_t distance = host_low > guest_low ? host_low - guest_low : guest_low - host_low;
    return carry == 0 ? distance <= 1 : (carry == 1 || carry == -1) && distance == mask;
}

static unsigned st_differences(const struct form *form, const struct fx_image *host,
                               const struct fx_image *guest) {
    unsigned differences = 0;
    for (unsigned i = 0; i < 8; i++) {
        if (form->row->approximate && is_next_to(host, guest, i)) {
            continue;
        }
        differences |= host->st[i].mantissa != guest->st[i].mantissa ? 1u << MANTISSAS : 0;
        differences |= host->st[i].exponent != guest->st[i].exponent ? 1u << EXPONENTS : 0;
    }
    return differences;
}

static unsigned fx_differences(const struct form *form, const struct fx_image *host,
                               const struct fx_image *guest) {
    const unsigned status = host->status ^ guest->status;
    const unsigned defined = ~undefined_conditions(form);
    unsigned differences = 0;
    differences |= memcmp(host->xmm, guest->xmm, sizeof host->xmm) != 0 ? 1u << VECTORS : 0;
    differences |= host->mxcsr != guest->mxcsr ? 1u << MXCSR : 0;
    differences |= host->control != guest->control ? 1u << CONTROL : 0;
    differences |= host->tags != guest->tags ? 1u << TAGS : 0;
    differences |= (status & defined & CONDITION_CODES) != 0 ? 1u << CONDITIONS : 0;
    differences |= (status & defined & C1) != 0 ? 1u << ROUNDED_UP : 0;
    differences |= (status & EXCEPTION_FIELD) != 0 ? 1u << EXCEPTIONS : 0;
    if ((status & TOP_FIELD) != 0) {
        return differences | 1u << TOP; // Registers are counted from TOP, so they all differ.
    }
    return differences | st_differences(form, host, guest);
}

// A page of the guest's kernel is present, where the host has nothing.
static uint64_t error_of(const struct oracle_case *run) {
    return run->vector == PAGE_FAULT ? run->error & ~PAGE_PRESENT : run->error;
}

unsigned case_differences(const struct form *form, const struct oracle_case *host,
                          const struct oracle_case *guest) {
    const unsigned flags =
        (STATUS_FLAGS | DF) & ~(host->vector == NO_FAULT ? undefined_flags(form, host) : 0);
    if (host->vector != guest->vector ||
        (host->vector != NO_FAULT && error_of(host) != error_of(guest))) {
        return 1u << FAULT; // Everything else differs in consequence.
    }
    unsigned differences = 0;
    differences |= registers_differ(form, host, guest) ? 1u << REGISTERS : 0;
    differences |= ((host->out_flags ^ guest->out_flags) & flags) != 0 ? 1u << FLAGS : 0;
    differences |= memory_differs(form, host, guest) ? 1u << MEMORY : 0;
    return differences | fx_differences(form, &host->out_fx, &guest->out_fx);
}

// --- What is known ---

// One kind of difference, and where it shows: in each of the instructions, in some of the
// circumstances.
struct known {
    enum aspect aspect;
    unsigned circumstances;
    const char *why;
    const char *names; // of rows, a comma after each
};

#define IN(circumstance) (1u << (circumstance))
#define ANYWHERE (IN(CIRCUMSTANCES) - 1)
#define RARE IN(CIRCUMSTANCES) // a short run may not see it

static const struct known known[] = {
#include "oracle/differences.inc"
};

enum { KNOWN = sizeof known / sizeof known[0], MAX_OCCURRED = 8192 };

static struct occurred {
    const char *name;
    enum aspect aspect;
    unsigned circumstances;
} occurred[MAX_OCCURRED];
static size_t occurred_count;

static void remember(const char *name, enum aspect aspect, enum circumstance circumstance) {
    size_t i = 0;
    while (i < occurred_count &&
           (occurred[i].aspect != aspect || strcmp(occurred[i].name, name) != 0)) {
        i++;
    }
    ck_assert_uint_lt(i, MAX_OCCURRED);
    occurred[i].name = name;
    occurred[i].aspect = aspect;
    occurred[i].circumstances |= IN(circumstance);
    occurred_count = i == occurred_count ? i + 1 : occurred_count;
}

static bool has_name(const char *names, const char *name) {
    const size_t length = strlen(name);
    for (const char *at = strstr(names, name); at != NULL; at = strstr(at + 1, name)) {
        if ((at == names || at[-1] == ',') && at[length] == ',') {
            return true;
        }
    }
    return false;
}

bool difference_is_known(const struct form *form, enum aspect aspect,
                         enum circumstance circumstance) {
    const char *name = form->row->name;
    remember(name, aspect, circumstance);
    for (size_t i = 0; i < KNOWN; i++) {
        if (known[i].aspect == aspect && (known[i].circumstances & IN(circumstance)) != 0 &&
            has_name(known[i].names, name)) {
            return true;
        }
    }
    return false;
}

// --- Other vendors ---

static const struct vendor_dependent {
    const char *why;
    const char *names;
} vendor_dependent[] = {
#include "oracle/vendor.inc"
};

// ZIRCONIA_TEST_VENDOR stands for the host's, so that the other way can be tried.
bool host_is_model(void) {
    char vendor[13] = "";
    unsigned leaf = 0;
    unsigned words[3] = {0};
    const char *wanted = getenv("ZIRCONIA_TEST_VENDOR");
#if defined(__x86_64__)
    __get_cpuid(0, &leaf, &words[0], &words[2], &words[1]);
#else
    (void)leaf;
#endif
    memcpy(vendor, words, sizeof words);
    return strcmp(wanted != NULL ? wanted : vendor, "GenuineIntel") == 0;
}

bool form_depends_on_vendor(const struct form *form) {
    for (size_t i = 0; i < sizeof vendor_dependent / sizeof vendor_dependent[0]; i++) {
        if (has_name(vendor_dependent[i].names, form->row->name)) {
            return true;
        }
    }
    return false;
}

// --- What did not occur ---

static unsigned circumstances_of(const char *name, enum aspect aspect) {
    for (size_t i = 0; i < occurred_count; i++) {
        if (occurred[i].aspect == aspect && strcmp(occurred[i].name, name) == 0) {
            return occurred[i].circumstances;
        }
    }
    return 0;
}

// Returns how many of the entry's differences are gone.
static unsigned check_known(const struct known *entry) {
    unsigned gone = 0;
    char names[4096];
    char *rest = NULL;
    ck_assert_uint_lt(strlen(entry->names), sizeof names);
    memcpy(names, entry->names, strlen(entry->names) + 1);
    for (char *name = strtok_r(names, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        if ((circumstances_of(name, entry->aspect) & entry->circumstances) == 0) {
            fprintf(stderr, "gone: %s %s (%s)\n", name, aspect_names[entry->aspect], entry->why);
            gone++;
        }
    }
    return gone;
}

unsigned known_differences_gone(bool rare_too) {
    unsigned gone = 0;
    for (size_t i = 0; i < KNOWN; i++) {
        if (rare_too || (known[i].circumstances & RARE) == 0) {
            gone += check_known(&known[i]);
        }
    }
    return gone;
}
