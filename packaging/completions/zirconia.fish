# SPDX-License-Identifier: MIT
#
# Completion of zirconia's words for fish. Commands and options come from the tool's own help.

function __zirconia_commands
    zirconia --help 2>/dev/null | sed -nE 's/^(Usage:|      ) zirconia ([a-z][a-z-]*).*/\2/p'
end

function __zirconia_options
    set -l words (commandline -opc)
    zirconia $words[2] --help 2>/dev/null | sed -nE 's/^  (--[a-z-]+)( [^ ]+)?  +(.*)/\1\t\3/p'
end

complete -c zirconia -n __fish_use_subcommand -f -a '(__zirconia_commands)'
complete -c zirconia -n 'string match -q "* help" -- (commandline -opc | string join " ")' -f -a '(__zirconia_commands)'
complete -c zirconia -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' -f -a '(__zirconia_options)'
