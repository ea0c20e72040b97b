// SPDX-License-Identifier: MIT
//
// storyboard.html in the tool, made at build time: all of a page but its data and its end.

#ifndef CLI_STORYBOARD_H
#define CLI_STORYBOARD_H

#include <stddef.h>

extern const unsigned char storyboard[];
extern const size_t storyboard_size;

#endif // CLI_STORYBOARD_H
