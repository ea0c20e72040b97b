// SPDX-License-Identifier: MIT
//
// The one loop that reads options. An option's value follows as the next word or after "="; "--"
// ends the options.

#include "cli/options.h"

#include <string.h>

#include "cli/nearest.h"
#include "cli/option_table.h"
#include "cli/talk.h"

static bool has(enum subcommand subcommand, const struct option_spec *spec) {
    return (spec->subcommands & subcommand) != 0;
}

static bool is_named(const struct option_spec *spec, const char *word) {
    const size_t length = strcspn(word, "=");
    return (spec->short_name && strcmp(spec->short_name, word) == 0) ||
           (strlen(spec->name) == length && memcmp(spec->name, word, length) == 0);
}

// The option that a word names, "=VALUE" aside.
static const struct option_spec *find_option(enum subcommand subcommand, const char *word) {
    for (const struct option_spec *spec = option_table; spec->name; spec++)
        if (has(subcommand, spec) && is_named(spec, word))
            return spec;
    return NULL;
}

static void complain_of_option(enum subcommand subcommand, const char *word) {
    struct nearest nearest = nearest_to(word, strcspn(word, "="));
    for (const struct option_spec *spec = option_table; spec->name; spec++)
        if (has(subcommand, spec))
            nearest_look_at(&nearest, spec->name);
    if (nearest.word)
        talk("unknown option '%s'; did you mean %s?", word, nearest.word);
    else
        talk("unknown option '%s'; see zirconia --help", word);
}

// Such an option may stand alone; only what looks like an address behind it is its argument.
static bool is_optional(const struct option_spec *spec) {
    return spec->argument && spec->argument[0] == '[';
}

static bool is_address(const char *word) {
    const char *colon = strrchr(word, ':');
    const char *port = colon ? colon + 1 : word;
    return port[0] && strspn(port, "0123456789") == strlen(port);
}

// NULL, or what is wrong with the value.
static const char *set_option(const struct option_spec *spec, const char *value,
                              struct options *options) {
    char *member = (char *)options + spec->member;
    if (spec->apply)
        return spec->apply(options, value);
    if (spec->argument)
        memcpy(member, &value, sizeof(value));
    else
        memcpy(member, &(bool){true}, sizeof(bool));
    return NULL;
}

static bool apply_option(const struct option_spec *spec, const char *value,
                         struct options *options) {
    if (spec->argument && !value && !is_optional(spec)) {
        talk("%s needs %s", spec->name, spec->argument);
        return false;
    }
    if (!spec->argument && value) {
        talk("%s takes no value", spec->name);
        return false;
    }
    const char *problem = set_option(spec, value, options);
    if (problem)
        talk("%s: '%s' %s", spec->name, value, problem);
    return !problem;
}

static bool take_image(enum subcommand subcommand, const char *word, struct options *options) {
    if (subcommand == SUBCOMMAND_LINUX) {
        talk("unexpected word '%s'; --kernel names a kernel", word);
        return false;
    }
    if (options->image && subcommand == SUBCOMMAND_REPRO && !options->input) {
        options->input = word;
        return true;
    }
    if (options->image) {
        talk("one %s is enough: '%s'", subcommand == SUBCOMMAND_REPRO ? "file" : "image", word);
        return false;
    }
    options->image = word;
    return true;
}

bool options_parse(enum subcommand subcommand, int count, char **words, struct options *options) {
    bool only_images = false;
    for (int i = 0; i < count; i++) {
        char *word = words[i];
        if (only_images || word[0] != '-' || word[1] == '\0') {
            if (!take_image(subcommand, word, options))
                return false;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            only_images = true;
            continue;
        }
        const struct option_spec *spec = find_option(subcommand, word);
        if (!spec) {
            complain_of_option(subcommand, word);
            return false;
        }
        const char *equals = strchr(word, '=');
        const char *value = equals ? equals + 1 : NULL;
        if (spec->argument && !value && i + 1 < count &&
            (!is_optional(spec) || is_address(words[i + 1])))
            value = words[++i];
        if (!apply_option(spec, value, options))
            return false;
    }
    if (!options->image && !options->help && subcommand != SUBCOMMAND_LINUX) {
        talk("no %s given; see zirconia --help",
             subcommand == SUBCOMMAND_REPRO ? "target" : "image");
        return false;
    }
    if (subcommand == SUBCOMMAND_REPRO && !options->input && !options->help) {
        talk("no file for '%s' given; see zirconia --help", options->image);
        return false;
    }
    return true;
}
