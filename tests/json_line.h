// SPDX-License-Identifier: MIT
//
// A strict reader of one line of JSON: is it one object, and what is a member's text?

#ifndef TESTS_JSON_LINE_H
#define TESTS_JSON_LINE_H

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline const char *json_value(const char *at);

// Each of these returns what follows, or NULL if the text is no such thing.
static inline const char *json_string(const char *at) {
    if (*at++ != '"') {
        return NULL;
    }
    for (; *at != '"'; at++) {
        if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e) {
            return NULL;
        }
        if (*at == '\\') {
            at++;
            if (*at == '\0' || strchr("\"\\/bfnrtu", *at) == NULL) {
                return NULL;
            }
            for (int i = 0; *at == 'u' && i < 4; i++) {
                if (!isxdigit((unsigned char)at[1 + i])) {
                    return NULL;
                }
            }
        }
    }
    return at + 1;
}

static inline const char *json_number(const char *at) {
    if (*at == '0') {
        return at + 1;
    }
    const char *first = at;
    while (isdigit((unsigned char)*at)) {
        at++;
    }
    return at > first ? at : NULL;
}

// The object's end; *value is where the named member's value is, if it has one.
static inline const char *json_object(const char *at, const char *name, const char **value) {
    if (*at++ != '{') {
        return NULL;
    }
    while (true) {
        const char *key = at;
        at = json_string(at);
        if (at == NULL || *at != ':') {
            return NULL;
        }
        if (name != NULL && strlen(name) == (size_t)(at - key) - 2 &&
            memcmp(key + 1, name, strlen(name)) == 0) {
            *value = at + 1;
        }
        at = json_value(at + 1);
        if (at == NULL || (*at != ',' && *at != '}')) {
            return NULL;
        }
        if (*at++ == '}') {
            return at;
        }
    }
}

static inline const char *json_array(const char *at) {
    if (*at++ != '[') {
        return NULL;
    }
    if (*at == ']') {
        return at + 1;
    }
    while (true) {
        at = json_value(at);
        if (at == NULL || (*at != ',' && *at != ']')) {
            return NULL;
        }
        if (*at++ == ']') {
            return at;
        }
    }
}

static inline const char *json_value(const char *at) {
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < 3; i++) {
        if (strncmp(at, words[i], strlen(words[i])) == 0) {
            return at + strlen(words[i]);
        }
    }
    if (*at == '"') {
        return json_string(at);
    }
    if (strncmp(at, "{}", 2) == 0) {
        return at + 2;
    }
    if (*at == '[') {
        return json_array(at);
    }
    return *at == '{' ? json_object(at, NULL, NULL) : json_number(at);
}

static inline bool json_is_object_line(const char *line) {
    const char *end = json_object(line, NULL, NULL);
    return end != NULL && *end == '\n';
}

// Where the value of a line's member is, or NULL.
static inline const char *json_member(const char *line, const char *name) {
    const char *value = NULL;
    return json_object(line, name, &value) != NULL ? value : NULL;
}

// Has the line this member, with this text as its value?
static inline bool json_member_is(const char *line, const char *name, const char *text) {
    const char *value = json_member(line, name);
    return value != NULL && strncmp(value, text, strlen(text)) == 0 &&
           json_value(value) == value + strlen(text);
}

#endif // TESTS_JSON_LINE_H
