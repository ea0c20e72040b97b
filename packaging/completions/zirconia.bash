# SPDX-License-Identifier: MIT
#
# Completion of zirconia's words for bash. Commands and options come from the tool's own help.

_zirconia() {
    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} tool=${COMP_WORDS[0]}
    local words=
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ] || { [ "$command" = help ] && [ "$COMP_CWORD" -eq 2 ]; }; then
        words=$("$tool" --help 2>/dev/null | sed -nE 's/^(Usage:|      ) zirconia ([a-z][a-z-]*).*/\2/p')
        words="$words --help --version"
    elif [ "${word#-}" != "$word" ]; then
        words=$("$tool" "$command" --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p')
    else
        compopt -o default 2>/dev/null
        return
    fi
    # The words hold no spaces.
    # shellcheck disable=SC2207
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}

complete -F _zirconia zirconia
