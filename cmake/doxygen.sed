# SPDX-License-Identifier: MIT
#
# Doxygen's filter: makes its comments of ours. The first comment of a file is about the file, one
# behind a declaration is about that, and any other about what follows it. Headings of parts of a
# file stay as they are.
s|^// SPDX-License-Identifier: MIT$|/// @file|
/^ *\/\/ --/b
s|^\( *\)//\( .*\)*$|\1///\2|
s|\([;,{)]\)  *// \(.*\)$|\1 ///< \2|
s|^\(#define .*[^ ]\)  *// \(.*\)$|\1 ///< \2|
# A paragraph of their own for errors, a list of them, and after it what other eras do; text as it
# stands for other tables, but not for lists.
/^ *\/\/\/ Errors/i\
///
/^\/\/\/ Errors:$/,/^\(\/\/\/ [^ ]\|[^/]\)/{
    s|^///   \(ZX_ERR_[A-Z_]*\)  *|/// - **\1** |
    s|^///   \([a-z][a-z_]* (\)|/// - \1|
    s|^///    *|///   |
    /^\/\/\/ 20/i\
///
}
/^\/\/\/ - /,/^\/\/\/ [^ -]/b
s|^///   |///         |
