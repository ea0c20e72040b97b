// SPDX-License-Identifier: MIT
//
// An exit, or what was delivered, in one line.

#ifndef CLI_STEP_EVENT_TEXT_H
#define CLI_STEP_EVENT_TEXT_H

#include "cli/step/record.h"
#include "cli/text.h"

// "#4 io_instruction 'out dx, al' -> GUEST_IO port=0x3f8 access_size=1 input=false"
void event_text(const struct record_event *event, struct text *line);

// "#4 io_instruction 'out dx, al' port=0x3f8 access_size=1 input=false"
void event_text_without_outcome(const struct record_event *event, struct text *line);

// What came of it, as words.
const char *event_outcome(const struct record_event *event);

#endif // CLI_STEP_EVENT_TEXT_H
