// SPDX-License-Identifier: MIT
//
// Its name, and what is to be known of it.

#include "engine/cpu/unicorn/version.h"

#include "engine/cpu/cpu.h"
#include "engine/cpu/unicorn/exact_stop.h"
#include "platform/platform.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unicorn/unicorn.h>

bool version_supported(void) {
    unsigned major = 0;
    unsigned minor = 0;
    uc_version(&major, &minor);
    return major > 2 || (major == 2 && minor >= 1);
}

static char version_text[32];

static void name_version(void) {
    unsigned version = uc_version(NULL, NULL);
    snprintf(version_text, sizeof version_text, "%u.%u.%u", version >> 24 & 0xff,
             version >> 16 & 0xff, version >> 8 & 0xff);
}

// Newer ones check each store to a page that the guest may execute for code in it.
#define LAST_WITH_FAST_STORES (2u << 24 | 1u << 16 | 1u << 8)

#define SLOW_STORES "20 times slower than 2.1.1 in stores to executable pages"
#define BLOCK_HOOK "slower than it could be, with a hook of each block to stop it"

static const char *version_note(void) {
    const bool fast = (uc_version(NULL, NULL) & ~0xffu) <= LAST_WITH_FAST_STORES;
    if (exact_stop_have()) {
        return fast ? "" : SLOW_STORES;
    }
    return fast ? BLOCK_HOOK : SLOW_STORES ", and " BLOCK_HOOK;
}

static _Atomic(const char *) complete_note;

#define EXITS "CPUID and RDTSC make exits"

void version_complete_note(const char *copied, bool answers) {
    static char text[256];
    const char *const others = version_note();
    const char *const separator = others[0] != '\0' ? "; " : "";
    if (copied != NULL) {
        snprintf(text, sizeof text, "%s%sits state is copied at each exit: %s", others, separator,
                 copied);
        atomic_store(&complete_note, text);
    } else if (!answers) {
        snprintf(text, sizeof text, "%s%s" EXITS, others, separator);
        atomic_store(&complete_note, text);
    }
}

struct engine_description engine_describe(void) {
    static struct platform_once once = PLATFORM_ONCE_INIT;
    const char *const complete = atomic_load(&complete_note);
    platform_call_once(&once, name_version);
    return (struct engine_description){
        .version = version_text,
        .note = complete != NULL ? complete : version_note(),
    };
}
