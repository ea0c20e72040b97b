// SPDX-License-Identifier: MIT
//
// The layout of the Unicorn in use, found once.

#include "engine/cpu/cpu.h"
#include "engine/cpu/unicorn/answers.h"
#include "engine/cpu/unicorn/layout.h"
#include "engine/cpu/unicorn/probe.h"
#include "engine/cpu/unicorn/tlb_fill.h"
#include "engine/cpu/unicorn/version.h"
#include "objects/log.h"
#include "objects/refusal.h"
#include "platform/platform.h"

static void end(struct probe *probe) {
    if (probe->context != NULL) {
        uc_context_free(probe->context);
    }
    if (probe->engine != NULL) {
        flat_engine_close(probe->engine);
    }
    platform_unmap(probe->hidden, HIDDEN_SIZE);
}

static zx_status_t refuse_unfit(const char *fault) {
    log_line(ZIRCONIA_LOG_ERROR, "Unicorn %s does not fit this library: self-check failed at %s",
             engine_describe().version, fault);
    return refuse(ZX_ERR_NOT_SUPPORTED, "the Unicorn of this process does not fit");
}

static zx_status_t discover(struct layout *out) {
    if (!version_supported()) {
        log_line(ZIRCONIA_LOG_ERROR, "Unicorn %s is too old: 2.1 or newer is needed",
                 engine_describe().version);
        return refuse(ZX_ERR_NOT_SUPPORTED, "the Unicorn of this process is older than 2.1");
    }
    struct probe probe = {
        .hidden = platform_reserve(HIDDEN_SIZE),
        .status = ZX_ERR_NO_MEMORY,
    };
    if (probe.hidden == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    const bool found =
        platform_protect(probe.hidden, HIDDEN_SIZE, PLATFORM_READ | PLATFORM_WRITE) &&
        probe_examine(&probe);
    end(&probe);
    if (probe.status != ZX_OK) {
        return probe.status;
    }
    if (!found) {
        return refuse_unfit(probe.fault);
    }
    tlb_fill_find(&probe.layout);
    answers_try(&probe.layout);
    version_complete_note(&probe.layout);
    const struct engine_description engine = engine_describe();
    if (engine.note[0] != '\0') {
        log_line(ZIRCONIA_LOG_WARNING, "Unicorn %s: %s", engine.version, engine.note);
    }
    *out = probe.layout;
    return ZX_OK;
}

// What is found holds for the process. A failure does not: memory may have been short.
zx_status_t layout_get(const struct layout **out) {
    static struct platform_mutex lock = PLATFORM_MUTEX_INIT(LOCK_LAYOUT);
    static struct layout layout;
    static bool found;
    zx_status_t status = ZX_OK;
    platform_mutex_lock(&lock);
    if (!found) {
        status = discover(&layout);
        found = status == ZX_OK;
    }
    platform_mutex_unlock(&lock);
    *out = &layout;
    return status;
}
