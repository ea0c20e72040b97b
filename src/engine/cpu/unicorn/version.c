// SPDX-License-Identifier: MIT
//
// Its name, and what is to be known of it.

#include "engine/cpu/unicorn/version.h"

#include "engine/cpu/cpu.h"
#include "platform/platform.h"

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

const char *cpu_engine_version(void) {
    static struct platform_once once = PLATFORM_ONCE_INIT;
    platform_call_once(&once, name_version);
    return version_text;
}

// Newer ones check each store to a page that the guest may execute for code in it.
#define LAST_WITH_FAST_STORES (2u << 24 | 1u << 16 | 1u << 8)

const char *cpu_engine_note(void) {
    const bool fast = (uc_version(NULL, NULL) & ~0xffu) <= LAST_WITH_FAST_STORES;
    return fast ? "" : "20 times slower than 2.1.1 in stores to executable pages";
}
