// SPDX-License-Identifier: MIT
//
// Its name, and what is to be known of it.

#include "engine/cpu/unicorn/version.h"

#include "engine/cpu/cpu.h"
#include "engine/cpu/unicorn/exact_stop.h"
#include "engine/cpu/unicorn/layout.h"
#include "platform/platform.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
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

#define SLOW_STORES "stores to executable pages take 20 times as long as with Unicorn 2.1.1"
#define BLOCK_HOOK "guests run slower, because each block of their code looks whether to stop (%s)"
#define COPIED                                                                                     \
    "exits take some 80 ns longer, because the state of the VCPU is copied out of Unicorn and "    \
    "back (%s)"
#define EXITS "CPUID and RDTSC take five to ten times as long, because they make exits"
#define MISSES                                                                                     \
    "memory that was not used lately takes up to four times as long to reach, because Unicorn "    \
    "walks page tables by itself"

enum { NOTE_SIZE = 768 };

// What is to be known before a guest was made.
static char first_note[NOTE_SIZE];

static void add_note(char *note, const char *format, const char *why) {
    const size_t length = strlen(note);
    char *end = note + length;
    const int added = snprintf(end, NOTE_SIZE - length, "%s", length > 0 ? "; " : "");
    snprintf(end + added, NOTE_SIZE - length - (size_t)added, format, why);
}

static void write_first_note(void) {
    if ((uc_version(NULL, NULL) & ~0xffu) > LAST_WITH_FAST_STORES) {
        add_note(first_note, "%s", SLOW_STORES);
    }
    if (!exact_stop_have()) {
        add_note(first_note, BLOCK_HOOK, exact_stop_obstacle());
    }
}

static const char *version_note(void) {
    static struct platform_once once = PLATFORM_ONCE_INIT;
    platform_call_once(&once, write_first_note);
    return first_note;
}

static _Atomic(const char *) complete_note;

void version_complete_note(const struct layout *layout) {
    static char text[NOTE_SIZE];
    if (layout->copied == NULL && layout->answers && layout->fill) {
        return;
    }
    memcpy(text, version_note(), sizeof text);
    if (layout->copied != NULL) {
        add_note(text, COPIED, layout->copied);
    } else if (!layout->answers) {
        add_note(text, "%s", EXITS);
    }
    if (!layout->fill) {
        add_note(text, "%s", MISSES);
    }
    atomic_store(&complete_note, text);
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
