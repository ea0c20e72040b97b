// SPDX-License-Identifier: MIT
//
// A lesson: the deeds that a guest is to do, what the VMM does after each, and the record of a
// guest's run.

#ifndef CLI_LESSON_H
#define CLI_LESSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/deed.h"
#include "cli/options.h"

enum {
    LESSON_MAX_STEPS = 16,
    LESSON_MAX_TRAPS = 4,
    LESSON_MAX_DEEDS = 256,
};

// What the VMM does after a step of the guest's.
enum lesson_action {
    ACTION_NONE,
    ACTION_INTERRUPT, // Sends LESSON_VECTOR.
    ACTION_SNAPSHOT,  // Keeps the guest as it is.
    ACTION_GO_BACK,   // Puts the guest back to what it was.
};

enum { LESSON_VECTOR = 0x40 };

// The value of a read is what the VMM gives.
struct lesson_step {
    struct deed deed;
    enum lesson_action action;
    const char *hint; // A sentence for a learner who fails here; NULL: none.
};

struct lesson {
    const char *name; // The name of its files.
    const char *title;
    const char *goal;
    struct trap_option traps[LESSON_MAX_TRAPS];
    struct lesson_step steps[LESSON_MAX_STEPS];
    size_t step_count;
    uint64_t cleared; // A guest-physical address whose 8 bytes are set to 0 at first; 0: none.
};

extern const struct lesson lessons[];
extern const size_t lesson_count;

struct lesson_deed {
    struct deed deed;
    zirconia_exit_t exit;
};

enum lesson_end {
    END_BY_GUEST, // The guest wrote to port 0xf4.
    END_ASLEEP,   // All VCPUs halt, and nothing will wake them.
    END_ENDLESS,  // The time is up.
    END_FAULT,    // The guest did something that nothing answers.
};

// The deeds of a guest, in order, without kinds that the lesson does not use.
struct lesson_record {
    struct lesson_deed deeds[LESSON_MAX_DEEDS];
    size_t count;
    enum lesson_end end;
    zirconia_exit_t last; // The exit after which it ended.
    char fault[320];      // Why nothing answers the last exit.
};

// Runs a guest and records its deeds. EXIT_CODE_OK, or the exit code to end with; then the reason
// has been printed.
int lesson_run(const struct lesson *lesson, const char *image_name, struct lesson_record *record);

// Whether the guest did what it was to do. If not, *text receives a sentence or two on the first
// fault.
bool lesson_judge(const struct lesson *lesson, const struct lesson_record *record,
                  struct text *text);

#endif // CLI_LESSON_H
